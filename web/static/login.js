// The search in the fragment of the address outlives the redirect.
document.querySelector('form').action += location.hash;
document.getElementById('token').focus();

'use strict';
// A search behind the # of the address is still there after the redirect.
document.querySelector('form').action += location.hash;
document.getElementById('token').focus();

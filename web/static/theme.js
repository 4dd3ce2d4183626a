// The chosen theme, before the page is drawn.
try {
  const theme = JSON.parse(localStorage.getItem('domprobe.theme'));
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // The browser stores nothing: the theme is that of the system.
}

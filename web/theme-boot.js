// Runs before anything is painted, so that a page in the dark does not flash. Kept apart from the modules, which wait.
try {
  const chosen = localStorage.getItem("fourfold.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's own theme stays.
}

// Filled in with the store.

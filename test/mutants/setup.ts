// Runs before every test file while mutants are tried.
import fc from 'fast-check';

// A failed property kills; the smallest counterexample would take many more runs.
fc.configureGlobal({ endOnFailure: true });

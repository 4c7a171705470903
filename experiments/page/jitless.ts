import { config } from 'zod';

// The page's policy forbids code made from text; zod would try it, and go on without. A module of its own, imported
// first: plug-ins make schemas while they are loaded.
config({ jitless: true });

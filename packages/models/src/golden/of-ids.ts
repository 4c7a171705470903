// Checks of files of vectors and codes. What makes ids is of Node: a page is not to carry them.
import { defineGoldenCheck } from './check.ts';
import { checkCodePieces } from './code-pieces.ts';
import { checkBehaviour, checkLsa } from './content-vectors.ts';
import { checkLetter } from './letter.ts';
import { checkResidualKMeans } from './residual-k-means.ts';
import { checkRqVae } from './rq-vae.ts';

defineGoldenCheck('behaviour', checkBehaviour);
defineGoldenCheck('letter', checkLetter);
defineGoldenCheck('lsa', checkLsa);
defineGoldenCheck('residual-kmeans', checkResidualKMeans);
defineGoldenCheck('rqvae', checkRqVae);
defineGoldenCheck('sid-pieces', checkCodePieces);

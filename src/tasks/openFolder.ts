import { runtime } from '#runtime';
import { openStorage, type StorageTarget } from '../storage/openStorage.ts';
import type { Storage } from '../storage/storage.ts';

/** Opens what a task is saved to or reads from, by the means of this host. */
export const openFolder = (target: StorageTarget): Storage => openStorage(target, runtime);

/** What follows the last separator. */
export declare function baseName(path: string): string;
/** Every name that a program answers to: of its file, and of the first word of its command line. */
export declare function programNames(path: string, words: readonly string[]): readonly string[];

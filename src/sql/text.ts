/** A text as an SQL literal: the one place where quoting happens. SQL text ends at a NUL, so NUL is spelt. */
export function quote(text: string): string {
  const parts = text.toWellFormed().split('\0');
  const quoted = parts.map((part) => `'${part.replaceAll("'", "''")}'`);
  return quoted.length === 1 ? quoted[0]! : `(${quoted.join('||char(0)||')})`;
}

/** A name of a table or column. Only plain names are ever printed; anything else is a fault of ours. */
export function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new Error(`not a plain SQL name: ${JSON.stringify(name)}`);
  return name;
}

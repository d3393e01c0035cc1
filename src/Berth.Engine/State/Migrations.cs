namespace Berth.Engine.State;

/// <summary>How a database reaches the present schema: entry n takes <c>user_version</c> n to n + 1. Entries are never changed, only added.</summary>
internal static class Migrations
{
    public static IReadOnlyList<string> All { get; } =
    [
        """
        CREATE TABLE instances (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE volumes (name TEXT PRIMARY KEY, volume TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        """,
        """
        CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, network TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE attachments (instance TEXT PRIMARY KEY, attachment TEXT NOT NULL) WITHOUT ROWID;
        """,
    ];
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Data.Sqlite;

namespace Berth.Engine.State;

/// <summary>
/// The durable state: one SQLite file in WAL mode with one writer. A change is one small transaction that the page cache holds when the call
/// returns, so it survives the death of this process at any instant; a power cut may lose the last moments, never the consistency.
/// </summary>
internal sealed class StateStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _lock = new();
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _define;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _attach;
    private readonly SqliteCommand _detach;

    private StateStore(SqliteConnection connection)
    {
        _connection = connection;
        _insert = Prepare("INSERT INTO instances (id, name, definition, state) VALUES ($1, $2, $3, $4)", 4);
        _update = Prepare("UPDATE instances SET state = $2 WHERE id = $1", 2);
        _define = Prepare("UPDATE instances SET name = $2, definition = $3 WHERE id = $1", 3);
        _delete = Prepare("DELETE FROM instances WHERE id = $1", 1);
        _attach = Prepare("INSERT OR REPLACE INTO attachments (instance, attachment) VALUES ($1, $2)", 2);
        _detach = Prepare("DELETE FROM attachments WHERE instance = $1", 1);
    }

    /// <summary>Opens or makes the database; a schema of a newer version is refused.</summary>
    public static StateStore Open(string path) => Open(path, Migrations.All);

    internal static StateStore Open(string path, IReadOnlyList<string> migrations)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;");
            Migrate(connection, path, migrations);
            return new StateStore(connection);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new EngineException(EngineErrorKind.System, $"the state in {path} cannot be opened: {e.Message}; restore it from a backup or move it away", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public IReadOnlyList<InstanceRow> LoadInstances()
    {
        lock (_lock)
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = "SELECT name, definition, state FROM instances";
            using SqliteDataReader reader = command.ExecuteReader();
            var rows = new List<InstanceRow>();
            while (reader.Read())
            {
                rows.Add(new InstanceRow(
                    reader.GetString(0),
                    JsonSerializer.Deserialize(reader.GetString(1), StateJson.Default.InstanceDefinition)!,
                    JsonSerializer.Deserialize(reader.GetString(2), StateJson.Default.InstanceState)!));
            }
            return rows;
        }
    }

    public void Insert(InstanceRow row) => Run(
        _insert, row.Definition.Id, row.Name,
        JsonSerializer.Serialize(row.Definition, StateJson.Default.InstanceDefinition),
        JsonSerializer.Serialize(row.State, StateJson.Default.InstanceState));

    public void SaveState(string id, InstanceState state) => Run(_update, id, JsonSerializer.Serialize(state, StateJson.Default.InstanceState));

    public void SaveDefinition(string name, InstanceDefinition definition) =>
        Run(_define, definition.Id, name, JsonSerializer.Serialize(definition, StateJson.Default.InstanceDefinition));

    public void Delete(string id) => Run(_delete, id);

    public IReadOnlyList<VolumeRow> LoadVolumes() => Load("SELECT volume FROM volumes", StateJson.Default.VolumeRow);

    public void SaveVolume(VolumeRow volume) => RunOnce(
        "INSERT OR REPLACE INTO volumes (name, volume) VALUES ($1, $2)", volume.Name, JsonSerializer.Serialize(volume, StateJson.Default.VolumeRow));

    public void DeleteVolume(string name) => RunOnce("DELETE FROM volumes WHERE name = $1", name);

    public IReadOnlyList<NetworkRow> LoadNetworks() => Load("SELECT network FROM networks", StateJson.Default.NetworkRow);

    public void SaveNetwork(NetworkRow network) => RunOnce(
        "INSERT OR REPLACE INTO networks (id, name, network) VALUES ($1, $2, $3)", network.Id, network.Name, JsonSerializer.Serialize(network, StateJson.Default.NetworkRow));

    public void DeleteNetwork(string id) => RunOnce("DELETE FROM networks WHERE id = $1", id);

    public IReadOnlyList<AttachmentRow> LoadAttachments() => Load("SELECT attachment FROM attachments", StateJson.Default.AttachmentRow);

    public void SaveAttachment(AttachmentRow attachment) => Run(_attach, attachment.InstanceId, JsonSerializer.Serialize(attachment, StateJson.Default.AttachmentRow));

    public void DeleteAttachment(string instanceId) => Run(_detach, instanceId);

    public string? GetFact(string key)
    {
        lock (_lock)
        {
            using SqliteCommand command = Prepare("SELECT value FROM facts WHERE key = $1", 1);
            command.Parameters[0].Value = key;
            return command.ExecuteScalar() as string;
        }
    }

    public void SetFact(string key, string value) => RunOnce("INSERT OR REPLACE INTO facts (key, value) VALUES ($1, $2)", key, value);

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (SqliteCommand command in (ReadOnlySpan<SqliteCommand>)[_insert, _update, _define, _delete, _attach, _detach])
                command.Dispose();
            _connection.Dispose();
        }
    }

    private List<T> Load<T>(string query, JsonTypeInfo<T> type)
    {
        lock (_lock)
        {
            using SqliteCommand command = Prepare(query, 0);
            using SqliteDataReader reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(JsonSerializer.Deserialize(reader.GetString(0), type)!);
            return rows;
        }
    }

    private static void Migrate(SqliteConnection connection, string path, IReadOnlyList<string> migrations)
    {
        using SqliteCommand query = connection.CreateCommand();
        query.CommandText = "PRAGMA user_version";
        long version = (long)query.ExecuteScalar()!;
        if (version > migrations.Count)
        {
            throw new EngineException(
                EngineErrorKind.System,
                $"the state in {path} has schema {version}, this version knows {migrations.Count} at most: start the newer Berth that wrote it, or use another data root");
        }
        for (; version < migrations.Count; version++)
        {
            // DDL and the version number are one transaction: a crash leaves the old schema or the new one.
            Execute(connection, $"BEGIN IMMEDIATE; {migrations[(int)version]} PRAGMA user_version = {version + 1}; COMMIT;");
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the statements are this file's and the migrations' own
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static void Execute(SqliteCommand command, ReadOnlySpan<string> values)
    {
        const int Full = 13, InputOutputError = 10; // SQLITE_FULL, SQLITE_IOERR
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        try
        {
            command.ExecuteNonQuery();
        }
        catch (SqliteException e) when (e.SqliteErrorCode is Full or InputOutputError)
        {
            throw new EngineException(EngineErrorKind.NoSpace, $"the state cannot be written ({e.Message}): free space on the disk of the data root", e);
        }
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // constant statements of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 1; i <= parameters; i++)
            command.Parameters.Add($"${i}", SqliteType.Text);
        command.Prepare();
        return command;
    }

    private void Run(SqliteCommand command, params ReadOnlySpan<string> values)
    {
        lock (_lock)
        {
            Execute(command, values);
        }
    }

    private void RunOnce(string sql, params ReadOnlySpan<string> values)
    {
        lock (_lock)
        {
            using SqliteCommand command = Prepare(sql, values.Length);
            Execute(command, values);
        }
    }
}

using Berth.Engine.State;
using Berth.Testing;

namespace Berth.Engine.Tests.State;

public sealed class StateStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Database => Path.Combine(_directory.Path, "berth.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_Again_HasWhatWasWritten()
    {
        using (StateStore store = StateStore.Open(Database))
        {
            store.Insert(new InstanceRow("web", Definitions.Make(), InstanceState.Initial));
            store.SaveState(Definitions.Id, new InstanceState { Status = InstanceStatus.Exited, ExitCode = 3, Error = "x" });
            store.SaveDefinition("new", Definitions.Make() with { ImageId = "sha256:11" });
            store.SaveVolume(new VolumeRow { Name = "v", CreatedAt = DateTimeOffset.UnixEpoch });
            store.SetFact("a", "b");
        }
        using StateStore again = StateStore.Open(Database);
        InstanceRow row = Assert.Single(again.LoadInstances());
        Assert.Equal(("new", "sha256:11", InstanceStatus.Exited, 3, "x"), (row.Name, row.Definition.ImageId, row.State.Status, row.State.ExitCode, row.State.Error));
        Assert.Equal("v", Assert.Single(again.LoadVolumes()).Name);
        Assert.Equal("b", again.GetFact("a"));
        again.Delete(Definitions.Id);
        Assert.Empty(again.LoadInstances());
    }

    [Fact]
    public void Open_CopyOfALiveDatabase_HasEveryFinishedWrite()
    {
        using StateStore store = StateStore.Open(Database);
        store.Insert(new InstanceRow("web", Definitions.Make(), InstanceState.Initial));
        // What another process finds after this one was killed: the files as they are, write-ahead log included.
        string copy = Path.Combine(_directory.Path, "copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(_directory.Path, "berth.db*"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using StateStore after = StateStore.Open(Path.Combine(copy, "berth.db"));
        Assert.Single(after.LoadInstances());
    }

    [Fact]
    public void Open_NewerSchema_IsRefusedAndNamesTheWayOut()
    {
        StateStore.Open(Database, [.. Migrations.All, "CREATE TABLE later (x TEXT);"]).Dispose();
        EngineException error = Assert.Throws<EngineException>(() => StateStore.Open(Database));
        Assert.Contains("newer Berth", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OlderSchema_IsMigratedAndKeepsItsRows()
    {
        using (StateStore store = StateStore.Open(Database))
            store.Insert(new InstanceRow("web", Definitions.Make(), InstanceState.Initial));
        using StateStore migrated = StateStore.Open(Database, [.. Migrations.All, "CREATE TABLE later (x TEXT);"]);
        Assert.Single(migrated.LoadInstances());
    }

    [Fact]
    public void Open_Garbage_SaysWhatToDo()
    {
        File.WriteAllText(Database, new string('x', 4096));
        Assert.Equal(EngineErrorKind.System, Assert.Throws<EngineException>(() => StateStore.Open(Database)).Kind);
    }
}

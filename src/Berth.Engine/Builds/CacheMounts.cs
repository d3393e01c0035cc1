using System.Security.Cryptography;
using System.Text;
using Berth.Build.Dockerfiles;
using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>The directories of <c>RUN --mount=type=cache</c>, kept between builds until a prune.</summary>
internal sealed class CacheMounts(string root)
{
    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    /// <summary>A directory for a step; dispose gives it back.</summary>
    public async Task<Lease> TakeAsync(RunMount mount, CancellationToken cancellationToken)
    {
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mount.Id)))[..32];
        SemaphoreSlim? held = null;
        if (mount.Sharing == "locked")
        {
            lock (_users)
                held = _locks.TryGetValue(name, out SemaphoreSlim? known) ? known : _locks[name] = new SemaphoreSlim(1);
            await held.WaitAsync(cancellationToken);
        }
        string directory;
        lock (_users)
        {
            string wanted = name;
            for (int i = 1; mount.Sharing == "private" && _users.ContainsKey(wanted); i++)
                wanted = $"{name}-{i}";
            _users[wanted] = _users.GetValueOrDefault(wanted) + 1;
            directory = Path.Combine(root, wanted);
        }
        var lease = new Lease(this, directory, held);
        try
        {
            Prepare(directory, mount);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Sizes of what nobody uses and what is in use.</summary>
    public IReadOnlyList<(string Name, long Size, bool InUse, DateTimeOffset LastUsed)> List()
    {
        if (!Directory.Exists(root))
            return [];
        lock (_users)
        {
            return [.. new DirectoryInfo(root).GetDirectories().OrderBy(static d => d.Name, StringComparer.Ordinal)
                .Select(d => (d.Name, DirectorySize.Measure(d.FullName), _users.ContainsKey(d.Name), new DateTimeOffset(d.LastAccessTimeUtc)))];
        }
    }

    /// <summary>Removes what nobody uses; gives names and bytes.</summary>
    public (IReadOnlyList<string> Names, long Bytes) Prune()
    {
        var names = new List<string>();
        long bytes = 0;
        lock (_users)
        {
            foreach ((string name, long size, bool inUse, _) in List())
            {
                if (inUse || !Trees.TryDelete(Path.Combine(root, name), out _))
                    continue;
                names.Add(name);
                bytes += size;
            }
        }
        return (names, bytes);
    }

    private void Prepare(string directory, RunMount mount)
    {
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (Directory.Exists(directory))
            return;
        Directory.CreateDirectory(directory);
        Libc.ChangeModeAt(null, directory, (uint)mount.Mode);
        Libc.ChangeOwnerAt(null, directory, mount.Uid, mount.Gid);
    }

    private void Release(string directory)
    {
        string name = Path.GetFileName(directory);
        lock (_users)
        {
            if (--_users[name] == 0)
                _users.Remove(name);
        }
    }

    /// <summary>One step's hold on a directory.</summary>
    internal sealed class Lease(CacheMounts owner, string directory, SemaphoreSlim? held) : IDisposable
    {
        public string Directory { get; } = directory;

        public void Dispose()
        {
            owner.Release(Directory);
            held?.Release();
        }
    }
}

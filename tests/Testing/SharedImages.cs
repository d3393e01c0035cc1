namespace Berth.Testing;

/// <summary>Image archives that many tests load; made once per checkout by Berth itself and kept in its cache folder.</summary>
public static class SharedImages
{
    private static readonly SemaphoreSlim Gate = new(1);

    /// <summary>Path of a <c>docker save</c> archive of <c>busybox</c>.</summary>
    public static Task<string> BusyboxAsync(CancellationToken cancellationToken = default) => ArchiveAsync("busybox", cancellationToken);

    /// <summary>Path of a <c>docker save</c> archive of <c>debian</c>; slow the first time.</summary>
    public static Task<string> DebianAsync(CancellationToken cancellationToken = default) => ArchiveAsync("debian", cancellationToken);

    private static async Task<string> ArchiveAsync(string name, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Repository.Root, ".cache", "test-images")).FullName;
        string archive = Path.Combine(folder, name + ".tar");
        await Gate.WaitAsync(cancellationToken);
        try
        {
            if (!File.Exists(archive))
            {
                // Test programs run beside each other: the lock file lets one of them make the archive.
                await using FileStream only = await LockAsync(archive + ".lock", cancellationToken);
                if (!File.Exists(archive))
                    await MakeAsync(name, archive, cancellationToken);
            }
            return archive;
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task MakeAsync(string name, string archive, CancellationToken cancellationToken)
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartEmptyAsync(cancellationToken);
        (await daemon.BerthAsync(["image", "bootstrap", name], cancellationToken: cancellationToken)).Expect();
        (await daemon.BerthAsync(["save", "-o", archive + ".new", name], cancellationToken: cancellationToken)).Expect();
        File.Move(archive + ".new", archive);
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        for (; ; await Task.Delay(100, cancellationToken))
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                // Another test program holds it.
            }
    }
}

using System.Diagnostics;
using Berth.Images.Layers;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Layers;

/// <summary>Cleanup stays inside what it removes, whatever a workload left there.</summary>
public sealed class TreeRemovalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TreeRemovalTests()
    {
        Requires.Root();
        Directory.CreateDirectory(Victim);
        Directory.CreateDirectory(Path.Combine(Outside, "kept"));
        File.WriteAllText(Path.Combine(Outside, "kept", "file"), "kept");
    }

    private string Victim => _directory.Combine("victim");

    private string Outside => _directory.Combine("outside");

    public void Dispose()
    {
        Assert.Equal("kept", File.ReadAllText(Path.Combine(Outside, "kept", "file")));
        _directory.Dispose();
    }

    // CVE-2024-23652: teardown that follows links deletes files of the host.
    [Fact]
    public void Remove_LinksOut_RemovesTheLinksAlone()
    {
        File.CreateSymbolicLink(Path.Combine(Victim, "dir"), Outside);
        File.CreateSymbolicLink(Path.Combine(Victim, "relative"), "../outside/kept");
        File.CreateSymbolicLink(Path.Combine(Victim, "file"), Path.Combine(Outside, "kept", "file"));
        Directory.CreateDirectory(Path.Combine(Victim, "a", "b"));
        File.CreateSymbolicLink(Path.Combine(Victim, "a", "b", "up"), "../../..");
        Remove();
    }

    [Fact]
    public void Remove_TheVictimItselfIsALink_RemovesTheLinkAlone()
    {
        Directory.Delete(Victim);
        File.CreateSymbolicLink(Victim, Outside);
        Remove();
    }

    [Fact]
    public async Task Remove_DirectoriesSwappedForLinksMeanwhile_NeverLeavesTheTree()
    {
        using var stop = new CancellationTokenSource();
        string a = Path.Combine(Victim, "a"), link = Path.Combine(Victim, "link");
        Task swapper = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    Directory.CreateDirectory(Path.Combine(a, "kept"));
                    File.CreateSymbolicLink(link, Outside);
                    Libc.RenameAt(null, a, null, link, Libc.RENAME_EXCHANGE);
                }
                catch (IOException)
                {
                    // The other side was quicker.
                }
            }
        }, CancellationToken.None);
        for (int i = 0; i < 50; i++)
        {
            try
            {
                Remove(check: false);
            }
            catch (LinuxException)
            {
                // Something appeared in a directory that was just emptied.
            }
            Directory.CreateDirectory(Victim);
        }
        await stop.CancelAsync();
        await swapper;
        Remove();
    }

    [Fact]
    public void Remove_DirectoriesNestedVeryDeep_TakesBoundedStackAndDescriptors()
    {
        const int Depth = 5_000;
        FileDescriptor current = Libc.Open(Victim, Libc.O_RDONLY | Libc.O_DIRECTORY);
        for (int i = 0; i < Depth; i++)
        {
            Libc.MakeDirectoryAt(current, "d", 0x1ED);
            FileDescriptor next = Libc.OpenAt(current, "d", Libc.O_RDONLY | Libc.O_DIRECTORY);
            current.Dispose();
            current = next;
        }
        current.Dispose();
        Remove();
    }

    [Fact]
    public void Remove_NamesThatAreNotUtf8_AreRemoved()
    {
        Shell("cd \"$1\" && mkdir \"$(printf 'd\\377')\" && echo x > \"$(printf 'd\\377/f\\376\\200')\" && echo x > \"$(printf '\\300\\257')\"");
        Remove();
    }

    [Fact]
    public void Remove_ImmutableFiles_AreRemoved()
    {
        Directory.CreateDirectory(Path.Combine(Victim, "d"));
        File.WriteAllText(Path.Combine(Victim, "d", "f"), "x");
        if (!Shell("chattr +i \"$1/d/f\" && chattr +a \"$1/d\""))
        {
            Assert.Skip("this file system has no such flags");
        }
        Remove();
    }

    private void Remove(bool check = true)
    {
        using FileDescriptor parent = Libc.Open(_directory.Path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        TreeRemoval.Remove(parent, "victim");
        Assert.False(check && Path.Exists(Victim));
    }

    private bool Shell(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script, "sh", Victim]) { RedirectStandardError = true })!;
        shell.WaitForExit();
        return shell.ExitCode == 0;
    }
}

using System.Text.RegularExpressions;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Linux;

namespace Berth.Images.Bootstrap;

/// <summary>debian by debootstrap's minbase variant with ps, top and free, without lists, caches and logs; times no later than the newest package's.</summary>
internal sealed partial class DebianRecipe(ImageReference reference, string suite) : BootstrapRecipe
{
    private const string Scripts = "/usr/share/debootstrap/scripts";

    private static readonly string[] Suites = ["bullseye", "bookworm", "trixie", "sid"];

    // What differs from one run to the next, or can be had again: none of it belongs in an image.
    private static readonly string[] Leftovers =
    [
        "var/lib/apt/lists", "var/cache/apt", "var/cache/debconf", "var/cache/ldconfig", "var/log", "debootstrap", "run", "tmp",
        "etc/machine-id", "etc/hostname", "etc/resolv.conf", "var/lib/dpkg/status-old", "var/lib/dpkg/available-old", "etc/passwd-", "etc/group-",
        "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-",
    ];

    public override ImageReference Reference => reference;

    public override ImageDefaults Defaults { get; } = new() { Cmd = ["bash"], Env = [Path] };

    public override string CreatedBy => $"debootstrap --variant=minbase --include=procps {suite}";

    public override async Task<string> BuildAsync(BootstrapContext context, CancellationToken cancellation)
    {
        string debootstrap = HostProgram.Find("debootstrap") ?? await InstallAsync(context, cancellation);
        RequireSuite();
        string root = System.IO.Path.Combine(context.Staging, "root");
        string cache = Directory.CreateDirectory(System.IO.Path.Combine(context.Cache, "debian")).FullName;
        // debootstrap mounts /proc and /sys in the tree: in a mount namespace of its own they are gone with it, however it ends.
        List<string> arguments = ["--mount", "--propagation", "private", "--", debootstrap, "--variant=minbase", "--include=procps", "--merged-usr", $"--cache-dir={cache}", suite, root];
        if (HostMirror() is { } mirror)
        {
            arguments.Add(mirror);
        }
        DebootstrapProgress progress = new(suite);
        await HostProgram.RunAsync("unshare", arguments, context.Staging, line => context.Progress?.Report(progress.Read(line)), cancellationToken: cancellation);
        context.Say("Cleaning up");
        Clean(root);
        Created = Newest(root);
        ClampTimes(root, Created.Value.ToUnixTimeSeconds());
        return root;
    }

    private static async Task<string> InstallAsync(BootstrapContext context, CancellationToken cancellation)
    {
        await AptPackages.InstallAsync("debootstrap", context, cancellation);
        return HostProgram.Find("debootstrap") ?? throw new ImageException(ImageErrorCode.System, "debootstrap is not there after its package was installed");
    }

    private void RequireSuite()
    {
        if (!SuiteName().IsMatch(suite) || !File.Exists(System.IO.Path.Combine(Scripts, suite)))
        {
            string known = string.Join(", ", Suites.Where(name => File.Exists(System.IO.Path.Combine(Scripts, name))));
            throw new ImageException(ImageErrorCode.NotFound, $"debootstrap knows no Debian suite \"{ImageException.Printable(suite)}\"; it knows {known}");
        }
    }

    /// <summary>The mirror the host itself takes Debian from; null leaves debootstrap's default.</summary>
    internal static string? HostMirror(string aptDirectory = "/etc/apt")
    {
        IEnumerable<string> files = ((string[])["sources.list.d", ""]).Select(part => System.IO.Path.Combine(aptDirectory, part)).Where(Directory.Exists)
            .SelectMany(directory => Directory.GetFiles(directory).Where(file => file.EndsWith(".sources", StringComparison.Ordinal) || file.EndsWith(".list", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach (string line in files.SelectMany(File.ReadLines))
        {
            if (MirrorLine().Match(line) is { Success: true } match)
            {
                return match.Groups["uri"].Value;
            }
        }
        return null;
    }

    private static void Clean(string root)
    {
        using FileDescriptor directory = Libc.Open(root, Libc.O_RDONLY | Libc.O_DIRECTORY);
        foreach (string path in Leftovers)
        {
            int slash = path.LastIndexOf('/');
            using FileDescriptor? parent = PathWalker.TryOpenBeneath(directory, slash < 0 ? "." : path[..slash], Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
            if (parent is null || Libc.TryStatAt(parent, path[(slash + 1)..], out Libc.statx stat) != Errno.None)
            {
                continue;
            }
            TreeRemoval.Remove(parent, path[(slash + 1)..]);
            if (stat.IsDirectory && path != "debootstrap")
            {
                Libc.MakeDirectoryAt(parent, path[(slash + 1)..], stat.Permissions);
                Libc.ChangeModeAt(parent, path[(slash + 1)..], stat.Permissions);
                Libc.ChangeOwnerAt(parent, path[(slash + 1)..], stat.stx_uid, stat.stx_gid);
            }
        }
        foreach ((string path, uint mode) in ((string, uint)[])[("var/lib/apt/lists/partial", 0x1C0), ("var/cache/apt/archives/partial", 0x1C0), ("run/lock", 0x3FF)])
        {
            PathWalker.MakeDirectories(directory, path, 0x1ED).Dispose();
            Libc.ChangeModeAt(directory, path, mode);
        }
        File.WriteAllText(System.IO.Path.Combine(root, "etc/machine-id"), "");
    }

    // Files as packages bring them are older than anything the installation wrote; the newest document of a package dates the image.
    private static DateTimeOffset Newest(string root)
    {
        string[] documents = Directory.GetFiles(System.IO.Path.Combine(root, "usr/share/doc"), "copyright", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
        return documents.Length == 0 ? DateTimeOffset.UnixEpoch : new DateTimeOffset(documents.Max(File.GetLastWriteTimeUtc), TimeSpan.Zero);
    }

    private static void ClampTimes(string path, long limit)
    {
        foreach (string child in Directory.GetFileSystemEntries(path))
        {
            if ((File.GetAttributes(child) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == FileAttributes.Directory)
            {
                ClampTimes(child, limit);
            }
            else
            {
                Clamp(child, limit);
            }
        }
        Clamp(path, limit);
    }

    private static void Clamp(string path, long limit)
    {
        if (Libc.StatAt(null, path).stx_mtime.tv_sec > limit)
        {
            var time = new Libc.timespec { tv_sec = limit };
            Libc.SetTimesAt(null, path, time, time);
        }
    }

    [GeneratedRegex(@"^[a-z][a-z0-9.-]{0,31}\z")]
    private static partial Regex SuiteName();

    // deb822 "URIs: …/debian" and one-line "deb [options] …/debian suite main".
    [GeneratedRegex(@"^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(?<uri>(?:https?|file|mirror\+file)://\S+/debian)/?(?:\s|$)", RegexOptions.IgnoreCase)]
    private static partial Regex MirrorLine();
}

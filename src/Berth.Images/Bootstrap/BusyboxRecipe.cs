using Berth.Images.Spec;
using Berth.Linux;

namespace Berth.Images.Bootstrap;

/// <summary>busybox from the distribution's busybox-static package: one program, a link for each of its applets, and a bare /etc.</summary>
internal sealed class BusyboxRecipe(ImageReference reference) : BootstrapRecipe
{
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Program = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly (string Path, string Content)[] Files =
    [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\nsys:x:3:3:sys:/dev:/bin/false\nmail:x:8:8:mail:/var/spool/mail:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n"),
        ("etc/group", "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nutmp:x:43:\nwww-data:x:33:\nstaff:x:50:\nusers:x:100:\nnogroup:x:65534:\n"),
        ("etc/shadow", "root:*::0:::::\nnobody:*::0:::::\n"),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
        ("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"),
        ("etc/os-release", "NAME=BusyBox\nID=busybox\nPRETTY_NAME=\"BusyBox\"\n"),
    ];

    public override ImageReference Reference => reference;

    public override ImageDefaults Defaults { get; } = new() { Cmd = ["sh"], Env = [Path] };

    public override string CreatedBy => "busybox from the package busybox-static";

    public override async Task<string> BuildAsync(BootstrapContext context, CancellationToken cancellation)
    {
        string package = await AptPackages.DownloadAsync("busybox-static", context.Staging, context, cancellation);
        context.Say("Unpacking busybox-static");
        string unpacked = System.IO.Path.Combine(context.Staging, "package"), root = System.IO.Path.Combine(context.Staging, "root");
        await HostProgram.RunAsync("dpkg-deb", ["-x", package, unpacked], context.Staging, cancellationToken: cancellation);
        string busybox = ((string[])["bin/busybox", "usr/bin/busybox"]).Select(path => System.IO.Path.Combine(unpacked, path)).FirstOrDefault(File.Exists)
            ?? throw new ImageException(ImageErrorCode.System, "the package busybox-static holds no busybox");
        DateTimeOffset time = File.GetLastWriteTimeUtc(busybox);
        var applets = new List<string>();
        await HostProgram.RunAsync(busybox, ["--list-full"], context.Staging, applets.Add, cancellationToken: cancellation);
        Build(root, busybox, applets);
        SetTimes(root, new Libc.timespec { tv_sec = time.ToUnixTimeSeconds() });
        Created = time;
        return root;
    }

    private static void Build(string root, string busybox, List<string> applets)
    {
        foreach (string directory in (string[])["", "bin", "dev", "etc", "home", "proc", "sbin", "sys", "usr", "usr/bin", "usr/sbin", "var", "var/spool", "var/spool/mail", "var/www"])
        {
            Directory.CreateDirectory(System.IO.Path.Combine(root, directory));
            File.SetUnixFileMode(System.IO.Path.Combine(root, directory), Program);
        }
        UnixFileMode everyone = (UnixFileMode)0x1FF /* 0777 */ | UnixFileMode.StickyBit;
        foreach ((string path, UnixFileMode mode) in ((string, UnixFileMode)[])[("root", (UnixFileMode)0x1C0 /* 0700 */), ("tmp", everyone), ("var/tmp", everyone)])
        {
            Directory.CreateDirectory(System.IO.Path.Combine(root, path));
            File.SetUnixFileMode(System.IO.Path.Combine(root, path), mode);
        }
        foreach ((string path, string content) in Files)
        {
            File.WriteAllText(System.IO.Path.Combine(root, path), content);
            File.SetUnixFileMode(System.IO.Path.Combine(root, path), path == "etc/shadow" ? UnixFileMode.UserRead | UnixFileMode.UserWrite : Plain);
        }
        string program = System.IO.Path.Combine(root, "bin/busybox");
        File.Copy(busybox, program);
        File.SetUnixFileMode(program, Program);
        foreach (string applet in applets.Append("bin/sh").Distinct())
        {
            string link = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, applet));
            if (link.StartsWith(root + "/", StringComparison.Ordinal) && !File.Exists(link) && Directory.Exists(System.IO.Path.GetDirectoryName(link)))
            {
                Libc.LinkAt(null, program, null, link);
            }
        }
    }

    private static void SetTimes(string path, Libc.timespec time)
    {
        foreach (string child in Directory.GetFileSystemEntries(path))
        {
            if (Directory.Exists(child))
            {
                SetTimes(child, time);
            }
            else
            {
                Libc.SetTimesAt(null, child, time, time);
            }
        }
        Libc.SetTimesAt(null, path, time, time);
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace Berth.Images.Layers;

/// <summary>Programs of the host that read what strangers wrote: they get no environment but what they need and, under root, no capability.</summary>
internal static class ConfinedProgram
{
    private const string Rights = "/usr/bin/setpriv";
    private static readonly string[] Directories = ["/usr/bin", "/bin"];

    /// <summary>How to start a program, with all three streams redirected.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">Debian's package of it.</param>
    /// <param name="purpose">What it is needed for.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="asNobody">Whether it needs no file at all: then it is no user of this host.</param>
    /// <exception cref="ImageException">It is not installed.</exception>
    public static ProcessStartInfo Prepare(string program, string package, string purpose, IEnumerable<string> arguments, bool asNobody)
    {
        string path = Directories.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
            ?? throw new ImageException(ImageErrorCode.System, $"{program} is needed {purpose}: install the package {package}, or run scripts/install-runtime build");
        string[] rights = !Environment.IsPrivilegedProcess || !File.Exists(Rights) ? []
            : [Rights, "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", .. asNobody ? (string[])["--reuid=65534", "--regid=65534", "--clear-groups"] : [], "--"];
        string[] all = [.. rights, path, .. arguments];
        var start = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }

    /// <exception cref="ImageException">It cannot be started.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ImageException(ImageErrorCode.System, $"{start.FileName} could not be run: {e.Message}", e);
        }
    }
}

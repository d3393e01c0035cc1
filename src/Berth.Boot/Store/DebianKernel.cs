using Berth.Linux;

namespace Berth.Boot.Store;

/// <summary>Fetches Debian's cloud kernel by the host's package manager: its sources say where from, its keys what is genuine.</summary>
internal static class DebianKernel
{
    private const string MetaPackage = "linux-image-cloud-amd64";

    /// <summary>Unpacks the newest package into <paramref name="directory"/>/package.</summary>
    /// <returns>Name and version of the package.</returns>
    public static async Task<string> FetchAsync(string directory, IProgress<string>? progress, CancellationToken cancellation)
    {
        try
        {
            return await TryFetchAsync(directory, progress, cancellation);
        }
        catch (BootException)
        {
            // A machine that has not updated its lists for long knows no package, or one that is gone.
            progress?.Report("Updating the package lists");
            await RunAsync("apt-get", ["-q", "update"], directory, null, cancellation);
            return await TryFetchAsync(directory, progress, cancellation);
        }
    }

    private static async Task<string> TryFetchAsync(string directory, IProgress<string>? progress, CancellationToken cancellation)
    {
        List<string> shown = [];
        await RunAsync("apt-cache", ["show", "--no-all-versions", MetaPackage], directory, shown.Add, cancellation);
        string package = DependencyOf(string.Join('\n', shown)) ?? throw new BootException(BootErrorCode.Host, $"apt knows no {MetaPackage}; add a Debian source for amd64, or import a kernel");
        progress?.Report($"Downloading {package}");
        await RunAsync("apt-get", ["-q", "download", package], directory, null, cancellation);
        string file = Directory.GetFiles(directory, package + "_*.deb").FirstOrDefault()
            ?? throw new BootException(BootErrorCode.Host, $"apt-get download {package} left no package behind");
        progress?.Report($"Unpacking {package}");
        await RunAsync("dpkg-deb", ["-x", file, Path.Combine(directory, "package")], directory, null, cancellation);
        string name = Path.GetFileNameWithoutExtension(file);
        File.Delete(file);
        return name;
    }

    private static async Task RunAsync(string program, IReadOnlyList<string> arguments, string directory, Action<string>? line, CancellationToken cancellation)
    {
        try
        {
            await HostProgram.RunAsync(program, arguments, directory, line, null, cancellation);
        }
        catch (HostProgramException e)
        {
            throw new BootException(BootErrorCode.Host, e.Message, e);
        }
    }

    /// <summary>The first linux-image-… package that the "Depends:" field of apt-cache's answer names.</summary>
    internal static string? DependencyOf(string shown)
    {
        string? depends = shown.Split('\n').FirstOrDefault(line => line.StartsWith("Depends:", StringComparison.Ordinal));
        string? name = depends?["Depends:".Length..].Split(',', '|').Select(part => part.Trim().Split(' ')[0]).FirstOrDefault(n => n.StartsWith("linux-image-", StringComparison.Ordinal));
        return name != null && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '+' or '~') ? name : null;
    }
}

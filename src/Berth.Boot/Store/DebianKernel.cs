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
            await HostProgram.RunAsync("apt-get", ["-q", "update"], directory, cancellation);
            return await TryFetchAsync(directory, progress, cancellation);
        }
    }

    private static async Task<string> TryFetchAsync(string directory, IProgress<string>? progress, CancellationToken cancellation)
    {
        string shown = await HostProgram.RunAsync("apt-cache", ["show", "--no-all-versions", MetaPackage], directory, cancellation);
        string package = DependencyOf(shown) ?? throw new BootException(BootErrorCode.Host, $"apt knows no {MetaPackage}; add a Debian source for amd64, or import a kernel");
        progress?.Report($"Downloading {package}");
        await HostProgram.RunAsync("apt-get", ["-q", "download", package], directory, cancellation);
        string file = Directory.GetFiles(directory, package + "_*.deb").FirstOrDefault()
            ?? throw new BootException(BootErrorCode.Host, $"apt-get download {package} left no package behind");
        progress?.Report($"Unpacking {package}");
        await HostProgram.RunAsync("dpkg-deb", ["-x", file, Path.Combine(directory, "package")], directory, cancellation);
        string name = Path.GetFileNameWithoutExtension(file);
        File.Delete(file);
        return name;
    }

    /// <summary>The first linux-image-… package that the "Depends:" field of apt-cache's answer names.</summary>
    internal static string? DependencyOf(string shown)
    {
        string? depends = shown.Split('\n').FirstOrDefault(line => line.StartsWith("Depends:", StringComparison.Ordinal));
        string? name = depends?["Depends:".Length..].Split(',', '|').Select(part => part.Trim().Split(' ')[0]).FirstOrDefault(n => n.StartsWith("linux-image-", StringComparison.Ordinal));
        return name != null && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '+' or '~') ? name : null;
    }
}

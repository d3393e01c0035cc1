using Berth.Linux;

namespace Berth.Images.Bootstrap;

/// <summary>The host's own package manager: its sources decide where packages come from, its keys what is genuine.</summary>
internal static class AptPackages
{
    /// <summary>Downloads a package into <paramref name="directory"/> and returns the path of the .deb; a newest one there already is taken.</summary>
    public static async Task<string> DownloadAsync(string package, string directory, BootstrapContext context, CancellationToken cancellation)
    {
        context.Say($"Downloading {package}");
        await WithFreshListsAsync(context, () => HostProgram.RunAsync("apt-get", ["-q", "download", package], directory, cancellationToken: cancellation), cancellation);
        return Directory.GetFiles(directory, package + "_*.deb").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            ?? throw new ImageException(ImageErrorCode.System, $"apt-get download {package} left no package behind");
    }

    /// <summary>Installs a package on the host.</summary>
    public static Task InstallAsync(string package, BootstrapContext context, CancellationToken cancellation)
    {
        context.Say($"Installing {package}");
        return WithFreshListsAsync(context,
            () => HostProgram.RunAsync("apt-get", ["-q", "-y", "--no-install-recommends", "install", package], "/", cancellationToken: cancellation), cancellation);
    }

    // A machine that has never run "apt-get update", or not for long, knows no package or only versions that are gone.
    private static async Task WithFreshListsAsync(BootstrapContext context, Func<Task> run, CancellationToken cancellation)
    {
        try
        {
            await run();
        }
        catch (HostProgramException)
        {
            context.Say("Updating the package lists");
            await HostProgram.RunAsync("apt-get", ["-q", "update"], "/", cancellationToken: cancellation);
            await run();
        }
    }
}

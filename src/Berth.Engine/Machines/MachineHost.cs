namespace Berth.Engine.Machines;

/// <summary>What of this host a berth-vmm needs to see: its own program, the .NET runtime and the C library.</summary>
internal sealed record MachineHost
{
    private static readonly string[] LibraryPlaces = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];

    /// <summary>Directory of berth-vmm and berth-agent.</summary>
    public required string InstallDirectory { get; init; }

    /// <summary>Root of the .NET installation.</summary>
    public required string DotnetRoot { get; init; }

    /// <summary>Directories of shared libraries, at the same places inside.</summary>
    public required IReadOnlyList<string> LibraryDirectories { get; init; }

    /// <summary>Names that lead to them, as on the host.</summary>
    public required IReadOnlyList<(string Path, string Target)> LibraryLinks { get; init; }

    public int Processors { get; init; } = Environment.ProcessorCount;

    public static MachineHost Read(string? installDirectory)
    {
        DirectoryInfo[] places = [.. LibraryPlaces.Select(static path => new DirectoryInfo(path)).Where(static place => place.Exists)];
        return new MachineHost
        {
            InstallDirectory = Path.TrimEndingDirectorySeparator(installDirectory ?? AppContext.BaseDirectory),
            // ROOT/shared/Microsoft.NETCore.App/VERSION/System.Private.CoreLib.dll
            DotnetRoot = new FileInfo(typeof(object).Assembly.Location).Directory!.Parent!.Parent!.Parent!.FullName,
            LibraryDirectories = [.. places.Where(static place => place.LinkTarget is null).Select(static place => place.FullName)],
            LibraryLinks = [.. places.Where(static place => place.LinkTarget is not null).Select(static place => (place.FullName, place.LinkTarget!))],
        };
    }
}

using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Interfaces;

/// <summary>Taps for a container's first process; they are gone when it and whoever it gave them to have ended.</summary>
internal sealed class TapWiring : IDisposable
{
    // Above all numbers they are given as.
    private const int Lowest = 256;

    private readonly List<FileDescriptor> _taps = [];

    private TapWiring() { }

    /// <summary>Open taps in the order of their numbers in the process.</summary>
    public IReadOnlyList<FileDescriptor> Taps => _taps;

    /// <summary>Makes taps in the calling thread's network namespace.</summary>
    /// <exception cref="LinuxException">A bridge is missing, or the kernel refuses; nothing is left.</exception>
    public static TapWiring Open(IReadOnlyList<TapConfig> configs)
    {
        var wiring = new TapWiring();
        if (configs.Count == 0) return wiring;
        try
        {
            using var host = RouteSocket.Open();
            foreach (TapConfig config in configs)
            {
                using FileDescriptor tap = TapDevice.Open(config, host);
                wiring._taps.Add(Duplicate(tap, Lowest));
            }
            return wiring;
        }
        catch
        {
            wiring.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (FileDescriptor tap in _taps) tap.Dispose();
    }
}

using Berth.Linux;

namespace Berth.Disks;

/// <summary>Runs a maker of file systems to its end, as a child of the calling thread: it sees that thread's mounts.</summary>
internal static class HostTool
{
    /// <exception cref="DiskException">It is missing or failed; the message ends with what it said.</exception>
    public static void Run(string program, string package, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string path = HostProgram.Find(program) ?? throw new DiskException(DiskErrorCode.ToolFailed, $"{program} is needed for virtual machines: install the package {package}");
        try
        {
            HostProgram.RunAsync(path, arguments, "", null, environment).GetAwaiter().GetResult();
        }
        catch (HostProgramException e)
        {
            bool full = e.Message.Contains("No space left", StringComparison.Ordinal);
            throw new DiskException(full ? DiskErrorCode.NoSpace : DiskErrorCode.ToolFailed, e.Message, e);
        }
    }
}

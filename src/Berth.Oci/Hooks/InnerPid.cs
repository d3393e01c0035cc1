using System.Globalization;

namespace Berth.Oci.Hooks;

/// <summary>A process as its own pid namespace numbers it, which is how hooks inside a container are told of it. [OCI-RT] runtime.md, State.</summary>
internal static class InnerPid
{
    private const string Field = "NSpid:";

    /// <param name="pid">Its number here.</param>
    /// <exception cref="OciException">It has ended.</exception>
    public static int Of(int pid)
    {
        try
        {
            string line = File.ReadLines($"/proc/{pid}/status").First(static l => l.StartsWith(Field, StringComparison.Ordinal));
            return int.Parse(line.AsSpan(line.LastIndexOf('\t') + 1), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            throw new OciException($"process {pid} has ended", e);
        }
    }
}

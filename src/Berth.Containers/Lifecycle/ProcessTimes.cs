using System.Globalization;

namespace Berth.Containers.Lifecycle;

/// <summary>Reads when a process started, which with its id names it for good.</summary>
public static class ProcessTimes
{
    /// <summary>Clock ticks since boot ([proc(5)] stat, field 22); 0 when the process is gone.</summary>
    public static ulong StartTicks(int pid) => Read(pid).StartTicks;

    /// <summary>Whether the process that started then still runs; one that ended and was not waited for does not.</summary>
    public static bool IsAlive(int pid, ulong startTicks) => Read(pid) is var (state, started) && started == startTicks && started != 0 && state is not ('Z' or 'X');

    private static (char State, ulong StartTicks) Read(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may hold anything, parentheses too: fields are counted from the last one.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], ulong.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return default;
        }
    }
}

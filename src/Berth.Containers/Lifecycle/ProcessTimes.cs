using System.Globalization;

namespace Berth.Containers.Lifecycle;

/// <summary>Reads when a process started, which with its id names it for good.</summary>
public static class ProcessTimes
{
    /// <summary>Clock ticks since boot ([proc(5)] stat, field 22); 0 when the process is gone.</summary>
    public static ulong StartTicks(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may hold anything, parentheses too: fields are counted from the last one.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

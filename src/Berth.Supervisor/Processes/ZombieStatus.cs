using System.Globalization;
using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>Reads the wait status of someone else's child that has ended and is not reaped yet: [proc(5)] stat, fields 3, 22 and 52.</summary>
internal static class ZombieStatus
{
    private const int State = 0, StartTime = 19, ExitCode = 49; // counted from field 3

    /// <summary>Null when it is no zombie, or not the process that began at <paramref name="startTimeTicks"/>.</summary>
    public static WaitResult? Read(int pid, ulong startTimeTicks)
    {
        try
        {
            return Parse(pid, startTimeTicks, File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static WaitResult? Parse(int pid, ulong startTimeTicks, string stat)
    {
        // The name in parentheses may hold anything, parentheses too: fields are counted from the last one.
        string[] fields = stat[Math.Min(stat.Length, stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields.Length > ExitCode && fields[State] == "Z"
            && ulong.TryParse(fields[StartTime], CultureInfo.InvariantCulture, out ulong start) && start == startTimeTicks
            && int.TryParse(fields[ExitCode], CultureInfo.InvariantCulture, out int status)
            ? WaitResult.FromStatus(pid, status)
            : null;
    }
}

using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>The status column of a list, in Docker's words.</summary>
internal static class StatusText
{
    public static string Of(InstanceState state, string? health, DateTimeOffset now)
    {
        switch (state.Status)
        {
            case InstanceStatus.Running or InstanceStatus.Paused:
                string up = $"Up {Duration(now - (state.StartedAt ?? now))}";
                return state.Status == InstanceStatus.Paused ? up + " (Paused)"
                    : health is null ? up
                    : health == "starting" ? up + " (health: starting)"
                    : $"{up} ({health})";
            case InstanceStatus.Restarting:
                return $"Restarting ({state.ExitCode}) {Duration(now - (state.FinishedAt ?? now))} ago";
            case InstanceStatus.Removing:
                return "Removal In Progress";
            case InstanceStatus.Dead:
                return "Dead";
            default:
                return state.StartedAt is null || state.FinishedAt is null ? state.Status == InstanceStatus.Created ? "Created" : $"Exited ({state.ExitCode})"
                    : $"Exited ({state.ExitCode}) {Duration(now - state.FinishedAt.Value)} ago";
        }
    }

    /// <summary>About how long, as people say it.</summary>
    public static string Duration(TimeSpan time)
    {
        int seconds = (int)Math.Max(0, time.TotalSeconds);
        int minutes = (int)time.TotalMinutes;
        int hours = (int)Math.Round(time.TotalHours, MidpointRounding.AwayFromZero);
        return (seconds, minutes, hours) switch
        {
            ( < 1, _, _) => "Less than a second",
            (1, _, _) => "1 second",
            ( < 60, _, _) => $"{seconds} seconds",
            (_, 1, _) => "About a minute",
            (_, < 60, _) => $"{minutes} minutes",
            (_, _, 1) => "About an hour",
            (_, _, < 48) => $"{hours} hours",
            (_, _, < 24 * 7 * 2) => $"{hours / 24} days",
            (_, _, < 24 * 30 * 2) => $"{hours / 24 / 7} weeks",
            (_, _, < 24 * 365 * 2) => $"{hours / 24 / 30} months",
            _ => $"{(int)time.TotalHours / 24 / 365} years",
        };
    }
}

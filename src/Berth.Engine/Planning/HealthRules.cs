using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>What a health probe may ask for; the API's durations are nanoseconds and at least a millisecond.</summary>
internal static class HealthRules
{
    private const long Millisecond = 1_000_000;

    public static void Check(HealthConfig? health)
    {
        if (health is null)
            return;
        UnknownFields.Refuse(health.Unknown, "Healthcheck.");
        Duration(health.Interval, "Interval");
        Duration(health.Timeout, "Timeout");
        Duration(health.StartPeriod, "StartPeriod");
        Duration(health.StartInterval, "StartInterval");
        if (health.Retries < 0)
            throw EngineException.Invalid("Healthcheck.Retries: cannot be negative");
        bool sound = health.Test is null or [] or ["NONE"] or ["CMD", _, ..] or ["CMD-SHELL", _];
        if (!sound)
            throw EngineException.Invalid("Healthcheck.Test: must be [\"NONE\"], [\"CMD\", program, arguments…] or [\"CMD-SHELL\", line]");
    }

    private static void Duration(long nanoseconds, string name)
    {
        if (nanoseconds != 0 && nanoseconds < Millisecond)
            throw EngineException.Invalid($"Healthcheck.{name}: {name} in Healthcheck cannot be less than 1ms");
    }
}

using Berth.Containers.Supervision;

namespace Berth.Engine.Supervision;

/// <summary>What a refusal of the supervisor means to the engine's callers.</summary>
internal static class SupervisorErrors
{
    public static EngineException Translate(SupervisorException error, string prefix = "")
    {
        EngineErrorKind kind = error.Kind switch
        {
            SupervisorErrorKind.Unavailable => EngineErrorKind.Unavailable,
            SupervisorErrorKind.NotFound => EngineErrorKind.NotFound,
            SupervisorErrorKind.Conflict => EngineErrorKind.Conflict,
            _ when error.ExitCode is 126 or 127 => EngineErrorKind.InvalidParameter,
            SupervisorErrorKind.Invalid => EngineErrorKind.InvalidParameter,
            _ => EngineErrorKind.System,
        };
        return new EngineException(kind, prefix + error.Message, error) { ExitCode = error.ExitCode };
    }
}

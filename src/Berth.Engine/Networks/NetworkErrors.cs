using Berth.Networks;

namespace Berth.Engine.Networks;

/// <summary>What an obstacle of a network means to the engine's callers.</summary>
internal static class NetworkErrors
{
    public static EngineException Translate(NetworkException error, string prefix = "") => new(
        error.Code switch
        {
            NetworkErrorCode.Invalid => EngineErrorKind.InvalidParameter,
            NetworkErrorCode.Taken => EngineErrorKind.Conflict,
            _ => EngineErrorKind.System,
        },
        prefix + error.Message,
        error);

    public static T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NetworkException e)
        {
            throw Translate(e);
        }
    }
}

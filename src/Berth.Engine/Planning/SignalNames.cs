using Berth.Linux;

namespace Berth.Engine.Planning;

/// <summary>Signals as users name them.</summary>
internal static class SignalNames
{
    public const int Kill = 9;
    public const int Term = 15;

    /// <summary>Reads <c>TERM</c>, <c>SIGTERM</c>, <c>15</c>, <c>RTMIN+3</c>.</summary>
    public static int Parse(string text, string field) => SignalName.TryParse(text, out int number)
        ? number
        : throw EngineException.Invalid($"{field}: Invalid signal: {text}: use a name such as TERM or a number from 1 to {SignalName.Max}");
}

namespace Berth.Engine.Volumes;

/// <summary>Options of the local driver: <c>type</c>, <c>device</c> and <c>o</c>, as mount(8) knows them. A volume with options is a mount
/// on the host for as long as an instance that uses it runs.</summary>
internal static class VolumeDriverOptions
{
    /// <summary>Refuses unknown and incomplete options, naming <paramref name="field"/>.</summary>
    public static void Check(IReadOnlyDictionary<string, string>? options, string field)
    {
        if (options is not { Count: > 0 })
            return;
        foreach ((string name, string value) in options)
        {
            if (name is not ("type" or "device" or "o"))
                throw EngineException.Invalid($"{field}: invalid option: \"{name}\": the local driver knows type, device and o");
            if (value is null || value.Contains('\0', StringComparison.Ordinal) || value.Length > 4095)
                throw EngineException.Invalid($"{field}: the value of \"{name}\" is missing, contains a NUL byte or is longer than 4095 characters");
        }
        foreach (string needed in (ReadOnlySpan<string>)["type", "device"])
        {
            if (string.IsNullOrEmpty(options.GetValueOrDefault(needed)))
                throw EngineException.Invalid($"{field}: missing required option: \"{needed}\": give type, device and, if need be, o");
        }
        if (IsBind(options) && options["device"][0] != '/')
            throw EngineException.Invalid($"{field}: device of a bind must be an absolute path, not '{options["device"]}'");
    }

    public static bool IsBind(IReadOnlyDictionary<string, string> options) =>
        Words(options).Any(static word => word is "bind" or "rbind");

    /// <summary>The words of <c>o</c>.</summary>
    public static IReadOnlyList<string> Words(IReadOnlyDictionary<string, string> options) =>
        options.GetValueOrDefault("o", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
}

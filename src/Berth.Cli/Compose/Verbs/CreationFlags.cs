using System.Globalization;
using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary>The flags that <c>up</c> and <c>create</c> share.</summary>
internal sealed class CreationFlags
{
    private readonly BoolFlag _build = new("build", "Build images first");
    private readonly BoolFlag _noBuild = new("no-build", "Build nothing");
    private readonly TextFlag _pull = new("pull", "always|missing|never", "When to get images");
    private readonly BoolFlag _quietPull = new("quiet-pull", "For compatibility") { Hidden = true };
    private readonly BoolFlag _force = new("force-recreate", "Replace containers although nothing changed");
    private readonly BoolFlag _never = new("no-recreate", "Keep containers although something changed");
    private readonly BoolFlag _renew = new("renew-anon-volumes", 'V', "Give replaced containers new anonymous volumes");
    private readonly BoolFlag _orphans = new("remove-orphans", "Remove containers of services that the project does not have");
    private readonly ListFlag _scale = new("scale", "SERVICE=NUMBER", "Number of containers of a service") { Completes = CompletionSource.ComposeServices };

    /// <summary>All of them.</summary>
    public Flag[] All => [_build, _noBuild, _pull, _quietPull, _force, _never, _renew, _orphans, _scale];

    /// <summary>How images are got.</summary>
    public ImageOptions Images() => _build.Value && _noBuild.Value
        ? throw new UsageException("--build conflicts with --no-build")
        : new ImageOptions { Build = _build.Value, NoBuild = _noBuild.Value, Pull = PullPolicy() };

    /// <summary>How the plan is made, for the named services.</summary>
    public UpOptions Options(IReadOnlyList<string> services) => new()
    {
        Services = services,
        Recreate = (_force.Value, _never.Value) switch
        {
            (true, true) => throw new UsageException("--force-recreate conflicts with --no-recreate"),
            (true, _) => RecreatePolicy.Force,
            (_, true) => RecreatePolicy.Never,
            _ => RecreatePolicy.Diverged,
        },
        RenewAnonymousVolumes = _renew.Value,
        RemoveOrphans = _orphans.Value,
        Scale = ParseScale(_scale.Values),
    };

    /// <summary>Reads <c>SERVICE=NUMBER</c>.</summary>
    public static Dictionary<string, int> ParseScale(IReadOnlyList<string> values)
    {
        Dictionary<string, int> scale = [];
        foreach (var text in values)
        {
            var parts = text.Split('=', 2);
            scale[parts[0]] = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1000
                ? number
                : throw new UsageException($"invalid scale \"{text}\": write it as SERVICE=NUMBER, up to 1000");
        }
        return scale;
    }

    private string? PullPolicy() => _pull.Value is null or "always" or "missing" or "never" or "policy"
        ? (_pull.Value == "policy" ? null : _pull.Value)
        : throw new UsageException($"invalid value \"{_pull.Value}\" for --pull: use always, missing or never");
}

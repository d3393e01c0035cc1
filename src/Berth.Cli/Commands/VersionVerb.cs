using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth version</c>. A daemon that does not run is not started for this.</summary>
internal sealed class VersionVerb : Verb
{
    private readonly TextFlag _format = new("format", 'f', "FORMAT", "json, or a template as '{{.Server.Version}}'");
    private readonly BoolFlag _short = new("short", "The client's version only") { Hidden = true };

    /// <summary>This client's version.</summary>
    public static string Client => typeof(VersionVerb).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["version", "version --format '{{.Server.Version}}'"];

    public override Flag[] Flags => [_format, _short];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (_short.Value)
        {
            context.Out.WriteLine($"Berth version {Client}");
            return 0;
        }
        using var server = Server(context);
        if (_format.Value is { } format)
        {
            PrintFormatted(context, format, server?.RootElement ?? default);
            return 0;
        }
        context.Out.WriteLine($"Client: Berth\n Version:       {Client}\n API version:   {ApiClient.Prefix[2..]}");
        if (server is null)
        {
            context.Out.WriteLine($"\nServer: not running (socket {context.Paths.Socket})");
            return 0;
        }
        var root = server.RootElement;
        context.Out.WriteLine($"\nServer: {(root.Field("Platform").Text("Name") is { Length: > 0 } name ? name : "Berth")}");
        context.Out.WriteLine($" Version:       {root.Text("Version")}");
        context.Out.WriteLine($" API version:   {root.Text("ApiVersion")} (minimum version {root.Text("MinAPIVersion")})");
        context.Out.WriteLine($" OS/Arch:       {root.Text("Os")}/{root.Text("Arch")}");
        context.Out.WriteLine($" Kernel:        {root.Text("KernelVersion")}");
        return 0;
    }

    private static JsonDocument? Server(CommandContext context)
    {
        try
        {
            using ApiClient client = new(() => new Http.DescriptorStream(Libc.ConnectUnix(context.Paths.Socket)));
            return client.Get("/version");
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR)
        {
            return null;
        }
    }

    private static void PrintFormatted(CommandContext context, string format, JsonElement server)
    {
        var data = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["Client"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Version"] = Client, ["ApiVersion"] = ApiClient.Prefix[2..] },
            ["Server"] = TemplateData.From(server),
        };
        context.Out.WriteLine(format == "json" ? TemplateData.ToJson(data) : Template.Parse(format).Render(data));
    }
}

using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Registries;

namespace Berth.Cli.Containers;

/// <summary>Creates a container; an image that is missing is fetched first.</summary>
internal sealed class ContainerCreation(CommandContext context, ContainerFlags flags)
{
    private const string OtherWays = "Images also come by `berth load -i FILE` (docker save or OCI archive) and `berth import FILE NAME` (root file system);\n"
        + "busybox, debian and debian:SUITE are made by Berth itself.";

    /// <summary>Creates it, prints warnings, writes the id file, and returns the id.</summary>
    public string Create(CreateBody body)
    {
        var policy = flags.Pull.Value ?? "missing";
        if (policy is not ("always" or "missing" or "never"))
        {
            throw new UsageException($"invalid value \"{policy}\" for --pull: use always, missing or never");
        }
        if (flags.Cidfile.Value is { } cidfile && File.Exists(cidfile))
        {
            throw new CliException($"the id file {cidfile} exists already: remove it, or choose another name");
        }
        var json = body.ToJson();
        if (flags.IsMachine && flags.Kernel.Value is null && policy != "never")
        {
            new KernelFetch(context) { Quiet = flags.Quiet.Value }.RunIfMissing();
        }
        if (policy == "always")
        {
            Pull(body.Image);
        }
        var target = new Query("/containers/create").Add("name", flags.Name.Value).Add("platform", flags.Platform.Value).ToString();
        var id = Post(target, json, body.Image, mayPull: policy == "missing");
        if (flags.Cidfile.Value is { } file)
        {
            File.WriteAllText(file, id);
        }
        return id;
    }

    private string Post(string target, byte[] json, string image, bool mayPull)
    {
        try
        {
            using var exchange = context.Api.Send("POST", target, json);
            var body = exchange.Body.ReadAll();
            return PlainAnswers.CreatedId(body) ?? CreatedId(body);
        }
        catch (ApiException e) when (e.Status == 404 && mayPull && e.Message.Contains("image", StringComparison.OrdinalIgnoreCase))
        {
            Pull(image);
            return Post(target, json, image, mayPull: false);
        }
        catch (ApiException e) when (e.Status == 404)
        {
            throw new CliException($"{e.Message}\n{OtherWays}", 125);
        }
    }

    private void Pull(string image)
    {
        try
        {
            new ImagePull(context) { Quiet = flags.Quiet.Value, Platform = flags.Platform.Value }.Run(image);
        }
        catch (Exception e) when (e is ApiException or CliException)
        {
            throw new CliException($"{e.Message}\n{OtherWays}", 125);
        }
    }

    private string CreatedId(ReadOnlyMemory<byte> body)
    {
        using var answer = ApiClient.Parse(body);
        PrintWarnings(answer.RootElement);
        return answer.RootElement.Text("Id") is { Length: > 0 } id ? id : throw new CliException("the daemon did not say which container it made", 125);
    }

    private void PrintWarnings(JsonElement answer)
    {
        if (answer.TryGetProperty("Warnings", out var warnings) && warnings.ValueKind == JsonValueKind.Array)
        {
            foreach (var warning in warnings.EnumerateArray())
            {
                context.Error.WriteLine($"{context.ErrorColors.Yellow("WARNING:")} {warning.GetString()}");
            }
        }
    }
}

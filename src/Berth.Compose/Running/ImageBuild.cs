using System.Globalization;
using System.Text;
using Berth.Compose.Model;

namespace Berth.Compose.Running;

/// <summary>Builds the image of a service by POST /build ([DOCKER-API]).</summary>
internal sealed class ImageBuild(IEngine engine, IProgressSink progress)
{
    /// <summary>Builds, with the builder's output as progress.</summary>
    public void Run(Service service, ImageOptions options)
    {
        var build = service.Build!;
        var subject = $"Image {service.Image}";
        progress.Doing(subject, "Building");
        if (!Directory.Exists(build.Context) && !Loading.Paths.IsRemote(build.Context))
        {
            throw new ComposeException($"the build context {build.Context} of service \"{service.Name}\" is not there");
        }
        BuildSource source = new(build.Context, build.Dockerfile is { } file ? Path.GetFullPath(file, build.Context) : null, build.DockerfileInline);
        foreach (var message in engine.Build(Target(service, build, options), source))
        {
            if (message.Text("error") is { Length: > 0 } error)
            {
                throw new ComposeException($"building {service.Image}: {error}");
            }
            foreach (var line in message.Text("stream").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                progress.Say(subject, line);
            }
        }
        progress.Done(subject, "Built");
    }

    private static string Target(Service service, Build build, ImageOptions options)
    {
        StringBuilder target = new("/build?rm=1");
        void Add(string name, string? value)
        {
            if (value is { Length: > 0 })
            {
                target.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        Add("t", service.Image);
        foreach (var tag in build.Tags)
        {
            Add("t", tag);
        }
        var arguments = build.Arguments.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
        foreach (var argument in options.Arguments.Select(text => text.Split('=', 2)))
        {
            arguments[argument[0]] = argument.Length > 1 ? argument[1] : "";
        }
        Add("buildargs", arguments.Count > 0 ? arguments.ToJson().ToJsonString() : null);
        Add("labels", build.Labels.Count > 0 ? build.Labels.ToJson().ToJsonString() : null);
        Add("cachefrom", build.CacheFrom.Count > 0 ? build.CacheFrom.ToJson().ToJsonString() : null);
        Add("extrahosts", string.Join(',', build.ExtraHosts));
        Add("target", build.Target);
        Add("networkmode", build.Network);
        Add("isolation", build.Isolation);
        Add("platform", service.Platform);
        Add("shmsize", build.ShmSize?.ToString(CultureInfo.InvariantCulture));
        Add("nocache", build.NoCache || options.NoCache ? "1" : null);
        Add("pull", build.Pull || options.PullBase ? "1" : null);
        return target.ToString();
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Berth.Cli.Parsing;
using Berth.Compose.Model;

namespace Berth.Compose.Running;

/// <summary>Gets the images of services: builds or fetches what is missing or wanted anew, a few at a time.</summary>
public sealed class ImagePreparation(IEngine engine, IProgressSink progress, TimeProvider clock)
{
    private const int MaximumThreads = 4;

    /// <summary>Makes the images of <paramref name="services"/> present and returns their ids by name.</summary>
    /// <exception cref="ComposeException">One cannot be had.</exception>
    public IReadOnlyDictionary<string, string> Prepare(IEnumerable<Service> services, ImageOptions options)
    {
        ConcurrentDictionary<string, string> ids = [];
        ForEach(services.GroupBy(service => service.Image).Select(group => group.OrderBy(service => service.Build is null).First()), service =>
        {
            if (Prepare(service, options) is { } id)
            {
                ids[service.Image] = id;
            }
        });
        return ids;
    }

    /// <summary>Fetches the images of services that have a registry to come from.</summary>
    public void Pull(IEnumerable<Service> services, ImageOptions options) =>
        ForEach(services.GroupBy(service => service.Image).Select(group => group.OrderBy(service => service.Build is null).First()).Where(service => service.PullPolicy is not ("never" or "build")), service =>
        {
            try
            {
                Fetch(service);
            }
            catch (EngineCallException e) when (service.Build is not null || options.IgnoreFailures)
            {
                progress.Warn($"{service.Image}: {e.Message}");
            }
        });

    /// <summary>Builds the images of services that can be built.</summary>
    public void Build(IEnumerable<Service> services, ImageOptions options)
    {
        // One after another: a Dockerfile may begin with the image of another service.
        foreach (var service in services.Where(service => service.Build is not null))
        {
            new ImageBuild(engine, progress).Run(service, options);
        }
    }

    private string? Prepare(Service service, ImageOptions options)
    {
        var id = Inspect(service.Image, out var tagged);
        var policy = options.Pull ?? service.PullPolicy ?? "missing";
        if (service.Build is not null && !options.NoBuild && (options.Build || policy == "build" || id is null))
        {
            new ImageBuild(engine, progress).Run(service, options);
            return Inspect(service.Image, out _);
        }
        if (policy == "always" || (id is null && policy != "never") || IsOld(policy, tagged))
        {
            Fetch(service);
            return Inspect(service.Image, out _);
        }
        return id;
    }

    private bool IsOld(string policy, DateTimeOffset tagged)
    {
        const long Tick = 100;
        TimeSpan? age = policy switch
        {
            "daily" => TimeSpan.FromDays(1),
            "weekly" => TimeSpan.FromDays(7),
            _ when policy.StartsWith("every_", StringComparison.Ordinal) => DurationText.TryParse(policy["every_".Length..]) is { } nanoseconds ? TimeSpan.FromTicks(nanoseconds / Tick) : null,
            _ => null,
        };
        return age is { } limit && clock.GetUtcNow() - tagged > limit;
    }

    private void Fetch(Service service)
    {
        var subject = $"Image {service.Image}";
        progress.Doing(subject, "Pulling");
        engine.Pull(service.Image, service.Platform);
        progress.Done(subject, "Pulled");
    }

    private string? Inspect(string image, out DateTimeOffset tagged)
    {
        tagged = default;
        try
        {
            var answer = engine.Call("GET", $"/images/{Uri.EscapeDataString(image)}/json");
            var time = answer.Field("Metadata").Text("LastTagTime") is { Length: > 0 } text ? text : answer.Text("Created");
            _ = DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out tagged);
            return answer.Text("Id");
        }
        catch (EngineCallException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private void ForEach(IEnumerable<Service> services, Action<Service> action)
    {
        ConcurrentQueue<Service> open = new(services);
        ConcurrentQueue<Exception> failures = [];
        void Work()
        {
            while (failures.IsEmpty && open.TryDequeue(out var service))
            {
                try
                {
                    action(service);
                }
                catch (Exception e) when (e is EngineCallException or ComposeException or IOException or UnauthorizedAccessException)
                {
                    progress.Failed($"Image {service.Image}", e.Message);
                    failures.Enqueue(e);
                }
            }
        }

        var threads = Enumerable.Range(1, Math.Max(0, Math.Min(MaximumThreads, open.Count) - 1)).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        Work();
        threads.ForEach(thread => thread.Join());
        if (failures.TryDequeue(out var failure))
        {
            throw new ComposeException(failure.Message);
        }
    }
}

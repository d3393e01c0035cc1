using Berth.Cli.CommandLine;
using Berth.Cli.Parsing;

namespace Berth.Cli.Containers;

/// <summary>Turns the flags of <c>run</c> and <c>create</c> into the body of POST /containers/create. Only what was asked for is sent.</summary>
internal sealed class CreateBody(ContainerFlags flags)
{
    /// <summary>The image as the user named it.</summary>
    public required string Image { get; init; }

    /// <summary>Command and arguments behind the image.</summary>
    public required string[] Command { get; init; }

    /// <summary>True when nobody waits for the container: nothing is attached.</summary>
    public bool Detached { get; init; }

    /// <summary>Size of the user's terminal, if there is one.</summary>
    public (int Rows, int Columns)? ConsoleSize { get; init; }

    /// <summary>Whether the client attaches to a stream.</summary>
    public bool Attaches(string stream) => !Detached && (flags.Attach.Values.Length == 0
        ? stream != "stdin" || flags.Interactive.Value
        : flags.Attach.Values.Any(value => string.Equals(value, stream, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The body.</summary>
    public byte[] ToJson() => JsonWriting.Object(Write);

    private void Write(JsonText json)
    {
        foreach (var stream in flags.Attach.Values)
        {
            if (stream.ToLowerInvariant() is not ("stdin" or "stdout" or "stderr"))
            {
                throw new UsageException($"invalid stream \"{stream}\" for --attach: use stdin, stdout or stderr");
            }
        }
        json.WriteString("Image", Image);
        json.WriteIfAny("Hostname", flags.Hostname.Value);
        json.WriteIfAny("Domainname", flags.Domainname.Value);
        json.WriteIfAny("User", flags.User.Value);
        var stdin = Attaches("stdin");
        json.WriteBoolean("AttachStdin", stdin);
        json.WriteBoolean("AttachStdout", Attaches("stdout"));
        json.WriteBoolean("AttachStderr", Attaches("stderr"));
        json.WriteBoolean("Tty", flags.Tty.Value);
        json.WriteBoolean("OpenStdin", flags.Interactive.Value);
        json.WriteBoolean("StdinOnce", flags.Interactive.Value && stdin);
        if (flags.EnvFile.IsSet || flags.Env.IsSet)
        {
            json.WriteListIfAny("Env", [.. KeyValue.Environment(flags.EnvFile.Values, flags.Env.Values, Environment.GetEnvironmentVariable)]);
        }
        json.WriteListIfAny("Cmd", Command);
        if (flags.Entrypoint.Value is { } entrypoint)
        {
            json.WriteList("Entrypoint", [entrypoint]);
        }
        json.WriteIfAny("WorkingDir", flags.Workdir.Value);
        if (flags.LabelFile.IsSet || flags.Label.IsSet)
        {
            json.WriteMap("Labels", KeyValue.Labels(flags.LabelFile.Values, flags.Label.Values));
        }
        json.WriteIfAny("StopSignal", flags.StopSignal.Value);
        json.WriteIfAny("StopTimeout", flags.StopTimeout.Value);
        // Queries over value types are compiled when first run, which costs more than the rest of the body: not without need.
        if (flags.Publish.IsSet || flags.Expose.IsSet)
        {
            WriteExposedPorts(json);
        }
        if (flags.Volume.IsSet)
        {
            WriteAnonymousVolumes(json);
        }
        WriteHealthcheck(json);
        json.WriteStartObject("HostConfig");
        new HostConfigBody(flags).Write(json, ConsoleSize);
        json.WriteEndObject();
        NetworkBody.Write(json, flags);
    }

    private void WriteExposedPorts(JsonText json)
    {
        var ports = flags.Publish.Values.SelectMany(PortSpec.Parse).Select(port => port.Container)
            .Concat(flags.Expose.Values.SelectMany(PortSpec.ParseExposed)).Distinct().ToList();
        WriteSet(json, "ExposedPorts", ports);
    }

    private void WriteAnonymousVolumes(JsonText json) =>
        WriteSet(json, "Volumes", [.. HostConfigBody.Volumes(flags).Where(volume => volume.Anonymous is not null).Select(volume => volume.Anonymous!)]);

    private static void WriteSet(JsonText json, string name, IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
        {
            return;
        }
        json.WriteStartObject(name);
        foreach (var key in keys)
        {
            json.WriteStartObject(key);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void WriteHealthcheck(JsonText json)
    {
        var given = flags.HealthCmd.IsSet || flags.HealthInterval.IsSet || flags.HealthTimeout.IsSet || flags.HealthStartPeriod.IsSet
            || flags.HealthStartInterval.IsSet || flags.HealthRetries.IsSet;
        if (flags.NoHealthcheck.Value)
        {
            if (given)
            {
                throw new UsageException("--no-healthcheck conflicts with the --health-* flags");
            }
            json.WriteStartObject("Healthcheck");
            json.WriteList("Test", ["NONE"]);
            json.WriteEndObject();
            return;
        }
        if (!given)
        {
            return;
        }
        json.WriteStartObject("Healthcheck");
        if (flags.HealthCmd.Value is { Length: > 0 } command)
        {
            json.WriteList("Test", ["CMD-SHELL", command]);
        }
        Duration("Interval", flags.HealthInterval);
        Duration("Timeout", flags.HealthTimeout);
        Duration("StartPeriod", flags.HealthStartPeriod);
        Duration("StartInterval", flags.HealthStartInterval);
        json.WriteIfAny("Retries", flags.HealthRetries.Value);
        json.WriteEndObject();

        void Duration(string name, TextFlag flag)
        {
            if (flag.Value is { } text)
            {
                json.WriteNumber(name, DurationText.Parse(text, flag.Name));
            }
        }
    }
}

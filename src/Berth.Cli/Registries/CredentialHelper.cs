using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.Output;

namespace Berth.Cli.Registries;

/// <summary>A program <c>docker-credential-NAME</c> that keeps secrets: one verb as argument, one value on standard input.</summary>
internal sealed class CredentialHelper(string name)
{
    private const int MaximumAnswer = 1024 * 1024;

    private string Program => name.Length is > 0 and < 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        ? $"docker-credential-{name}"
        : throw new CliException($"the credential helper's name \"{name}\" in docker's config.json is not usable");

    /// <summary>The credentials kept for a key; null when there are none.</summary>
    public Credentials? Get(string key)
    {
        var (code, output) = Run("get", key);
        if (code != 0)
        {
            return output.Contains("not found", StringComparison.OrdinalIgnoreCase) ? null : throw Failed("get", output);
        }
        using var answer = Parse(output);
        return answer.RootElement.Text("Secret") is { Length: > 0 } secret ? new Credentials(answer.RootElement.Text("Username"), secret) : null;
    }

    /// <summary>Keeps credentials.</summary>
    public void Store(string key, Credentials credentials)
    {
        var json = JsonWriting.Object(text =>
        {
            text.WriteString("ServerURL", key);
            text.WriteString("Username", credentials.Username);
            text.WriteString("Secret", credentials.Secret);
        });
        var (code, output) = Run("store", Encoding.UTF8.GetString(json));
        if (code != 0)
        {
            throw Failed("store", output);
        }
    }

    /// <summary>Forgets credentials; none is no error.</summary>
    public void Erase(string key)
    {
        var (code, output) = Run("erase", key);
        if (code != 0 && !output.Contains("not found", StringComparison.OrdinalIgnoreCase))
        {
            throw Failed("erase", output);
        }
    }

    private (int Code, string Output) Run(string verb, string input)
    {
        ProcessStartInfo start = new(Program, [verb]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start)!;
            Write(process, input);
            var buffer = new char[MaximumAnswer];
            var length = process.StandardOutput.ReadBlock(buffer);
            process.WaitForExit();
            return (process.ExitCode, new string(buffer, 0, length).Trim());
        }
        catch (Win32Exception e)
        {
            throw new CliException($"docker's config.json names the credential helper {Program}, which cannot be run: {e.Message}");
        }
    }

    private static void Write(Process process, string input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its answer tells.
        }
    }

    private CliException Failed(string verb, string output) => new($"{Program} {verb} failed: {output}");

    private JsonDocument Parse(string output)
    {
        try
        {
            return JsonDocument.Parse(output);
        }
        catch (JsonException)
        {
            throw new CliException($"{Program} get answered with something that is not JSON");
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace Berth.Networks.Filtering;

/// <summary>The program nft(8) of nftables.</summary>
public static class NftProgram
{
    private static readonly string[] Places = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/usr/local/sbin/nft"];

    /// <summary>Applies a ruleset, whole or not at all.</summary>
    /// <exception cref="NetworkException">nft is missing, or refuses.</exception>
    public static async Task ApplyAsync(string ruleset)
    {
        string path = Array.Find(Places, File.Exists)
            ?? throw new NetworkException(NetworkErrorCode.HostLacks, "nft is missing, without which networks have neither address translation nor isolation: run scripts/install-runtime, or install the package nftables; or use --network none or host");
        var start = new ProcessStartInfo(path, ["-f", "-"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
            await process.StandardInput.WriteAsync(ruleset);
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            string said = (await error + await output).Trim();
            if (process.ExitCode != 0)
                throw new NetworkException(NetworkErrorCode.HostLacks, $"nft refused the rules: {said[..Math.Min(said.Length, 500)].ReplaceLineEndings("; ")}");
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new NetworkException(NetworkErrorCode.HostLacks, $"nft could not be run: {e.Message}", e);
        }
    }
}

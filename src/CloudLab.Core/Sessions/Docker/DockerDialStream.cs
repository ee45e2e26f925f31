using System.ComponentModel;
using System.Diagnostics;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>
/// A connection to the engine of another machine: <c>ssh host docker system dial-stdio</c>, as the docker CLI does it.
/// So keys, agents, jump hosts and known hosts are ssh's own business.
/// </summary>
internal sealed class DockerDialStream : PassingStream
{
    private readonly Process process;
    private readonly Task<string> complaint;
    private bool answered;

    private DockerDialStream(Process process)
    {
        this.process = process;
        complaint = process.StandardError.ReadToEndAsync();
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Starts ssh.</summary>
    /// <param name="endpoint">An ssh endpoint.</param>
    /// <param name="environment">Where ssh is looked for.</param>
    /// <returns>The connection; whether the other end accepts it shows with the first read.</returns>
    public static DockerDialStream Start(DockerEndpoint endpoint, LabEnvironment environment)
    {
        ProcessStartInfo start = new(Executables.Find("ssh", environment) ?? throw new IOException("there is no ssh on the PATH"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        string[] user = endpoint.Url.UserInfo.Length > 0 ? ["-l", Uri.UnescapeDataString(endpoint.Url.UserInfo)] : [];
        string[] port = endpoint.Url.Port > 0 ? ["-p", $"{endpoint.Url.Port}"] : [];
        string[] socket = endpoint.Path.Length > 0 ? ["--host", "unix://" + endpoint.Path] : [];
        string[] arguments =
        [
            // Nobody is there to type a password; -- keeps a host that starts with a dash from being an option.
            "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-T", .. user, .. port,
            "--", endpoint.Url.IdnHost, "docker", .. socket, "system", "dial-stdio",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        try
        {
            return new DockerDialStream(Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new IOException("ssh cannot be started: " + e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken);
        if (count == 0 && buffer.Length > 0 && !answered)
        {
            throw await RefusedAsync(null);
        }

        answered |= count > 0;
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Stream input = process.StandardInput.BaseStream;
        try
        {
            await input.WriteAsync(buffer, cancellationToken);
            await input.FlushAsync(cancellationToken);
        }
        catch (IOException e) when (!answered)
        {
            // ssh has ended already; why stands in what it wrote.
            throw await RefusedAsync(e);
        }
    }

    /// <inheritdoc/>
    public override void Flush() => process.StandardInput.BaseStream.Flush();

    /// <summary>Says that nothing more is sent; what comes back is still read.</summary>
    public void CloseWrite() => process.StandardInput.Close();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ProcessTree.End(process);
            process.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<IOException> RefusedAsync(IOException? inner)
    {
        string[] lines = (await complaint).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new IOException("ssh: " + (lines.Length > 0 ? lines[^1] : "the connection was closed without an answer"), inner);
    }
}

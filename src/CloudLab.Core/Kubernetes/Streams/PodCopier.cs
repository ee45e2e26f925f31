using System.Buffers;
using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Archives;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>Copies files into pods and out of them, through the tar of a container, with the rules of <c>docker cp</c>.</summary>
/// <param name="api">The cluster.</param>
/// <param name="ns">Namespace of pods that do not name theirs.</param>
/// <param name="container">Name of the container; the pod's default if null.</param>
/// <param name="reporter">Sees progress.</param>
public sealed class PodCopier(KubernetesApi api, string ns, string? container, IReporter reporter)
{
    private const string Sender = "the container";

    private readonly PodFinder finder = new(api);

    /// <summary>Copies out of a pod.</summary>
    /// <param name="source">Path in the pod.</param>
    /// <param name="destination">Local path: a folder to copy into, or the new name.</param>
    /// <param name="followLink">Copies what a link points to, where the source is one.</param>
    /// <param name="cancellation">Gives up; the file that is being written does not stay.</param>
    /// <returns>What was copied.</returns>
    public async Task<LabPodCopy> ReceiveAsync(PodPath source, string destination, bool followLink, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        LocalTarget local = new(destination);
        local.RequireFolder();

        // What is written is told as bytes come; how many there will be, tar does not say.
        using ProgressMeter meter = new(reporter, $"Copying {source}");
        using PodExec exec = await StartAsync(source, [PodCopyScripts.Out, PodCopyScripts.OutName, source.Path, followLink ? "1" : "0"], input: false, cancellation);
        OutputStream output = new(exec);
        string first = await output.LineAsync(cancellation);
        if (!first.StartsWith(PodCopyScripts.Done))
        {
            throw await RefusedAsync(exec, output, first, source, cancellation);
        }

        string target = local.PathFor(source.ToString(), first[1..] == "folder", source.MeansContent ? null : source.Name.Length > 0 ? source.Name : source.Pod.Split('/')[^1]);
        TarExtraction extraction = new(target, Sender, meter, reporter);
        LabException? invalid = null;
        try
        {
            await extraction.RunAsync(output, source.ToString(), cancellation);
        }
        catch (LabException e) when (e.Code == "TarInvalid")
        {
            // Why it ends too early, the command itself knows better.
            invalid = e;
        }

        await output.DrainAsync(cancellation);
        int code = await ExitCodeAsync(exec, source, cancellation);
        if (code != 0 || invalid is not null)
        {
            throw code == 0 ? invalid! : new LabException(
                LabErrorKind.ReadFailed, "PodTarFailed", $"The tar in the pod '{exec.Pod}' could not read all of '{source}': {Words(output.Errors, $"exit code {code}")}. What was whole is copied.")
            {
                Target = source.ToString(),
            };
        }

        return new LabPodCopy(source.ToString(), target, extraction.Files, extraction.Bytes, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Copies into a pod.</summary>
    /// <param name="source">Local path.</param>
    /// <param name="destination">Path in the pod: a folder to copy into, or the new name.</param>
    /// <param name="followLink">Copies what a link points to, where the source is one.</param>
    /// <param name="cancellation">Gives up; nothing is there under its final name then.</param>
    /// <returns>What was copied.</returns>
    public async Task<LabPodCopy> SendAsync(string source, PodPath destination, bool followLink, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        LocalSource local = LocalSource.Find(source, followLink);
        string to = destination.Bare is { Length: > 0 } bare ? bare : "/";
        using ProgressMeter meter = new(reporter, $"Copying to {destination}");
        using PodExec exec = await StartAsync(
            destination,
            [
                PodCopyScripts.In, PodCopyScripts.InName, to, local.Name, local.IsFolder ? "folder" : "file", local.IsContent ? "1" : "0",
                destination.MeansFolder ? "1" : "0", Guid.NewGuid().ToString("N")[..12],
            ],
            input: true, cancellation);
        TarCreation creation = new(meter, reporter, TarEntryFormat.Gnu);
        OutputStream output = new(exec);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<string> answer = AnswerAsync();
        try
        {
            // A copy that is refused ends while it is being sent.
            await creation.RunAsync(local.File, PodCopyScripts.Root, new InputStream(exec), ended.Token, PodCopyScripts.End);
            await exec.CloseInputAsync();
        }
        catch (Exception e) when ((e is OperationCanceledException && !cancellation.IsCancellationRequested) || e is LabException { Code: "PodConnectionBroken" })
        {
            // What the command says of it comes below.
        }

        string said = await answer;
        if (!said.StartsWith(PodCopyScripts.Done))
        {
            throw await RefusedAsync(exec, output, said, destination, cancellation);
        }

        int code = await ExitCodeAsync(exec, destination, cancellation);
        return code == 0
            ? new LabPodCopy(source, (destination with { Path = said[1..] }).ToString(), creation.Files, creation.Bytes, Stopwatch.GetElapsedTime(start))
            : throw await RefusedAsync(exec, output, "", destination, cancellation);

        async Task<string> AnswerAsync()
        {
            string line = await output.LineAsync(cancellation);
            await output.DrainAsync(cancellation);
            await ended.CancelAsync();
            return line;
        }
    }

    private static string Words(string text, string otherwise)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length > 0 ? string.Join("; ", lines.TakeLast(3)).TrimEnd('.') : otherwise;
    }

    private async Task<PodExec> StartAsync(PodPath path, string[] script, bool input, CancellationToken cancellation)
    {
        PodSelection selection = await finder.SelectAsync(null, path.Pod, path.Namespace ?? ns, cancellation);
        JsonObject pod = await finder.OneAsync(selection, cancellation);
        return await PodExec.StartAsync(api, pod, new PodCommandOptions { Command = ["sh", "-c", .. script], Container = container, Input = input }, reporter, cancellation);
    }

    private static async Task<int> ExitCodeAsync(PodExec exec, PodPath path, CancellationToken cancellation)
    {
        try
        {
            return await exec.ReadAsync((_, _) => ValueTask.CompletedTask, cancellation);
        }
        catch (LabException e) when (e.Code == "PodCommandLost")
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "PodCopyBroken", $"The copy '{path}' broke off: {e.Message.TrimEnd('.')}. No short file is left under its final name.", e)
            {
                Target = path.ToString(), Advice = "Repeat the command.",
            };
        }
    }

    private static async Task<LabException> RefusedAsync(PodExec exec, OutputStream output, string said, PodPath path, CancellationToken cancellation)
    {
        await output.DrainAsync(cancellation);
        string target = path.ToString(), where = $"the container '{exec.Container}' of the pod '{exec.Pod}'";
        int code = said.StartsWith(PodCopyScripts.Refusal) ? 64 : await ExitCodeAsync(exec, path, cancellation);
        return said switch
        {
            "!NoPath" => new LabException(LabErrorKind.NotFound, "PodPathNotFound", $"There is no '{path.Path}' in {where}.") { Target = target },
            "!NoFolder" => new LabException(LabErrorKind.WriteFailed, "DestinationNotFound", $"There is no folder for '{path.Path}' in {where}.") { Target = target },
            "!IsFile" => new LabException(LabErrorKind.WriteFailed, "DestinationIsFile", $"'{target}' is a file, and a folder is needed.") { Target = target },
            "!IsFolder" => new LabException(LabErrorKind.WriteFailed, "DestinationIsFolder", $"'{target}' is a folder, and is not replaced by a file.") { Target = target },
            "!Short" => new LabException(
                LabErrorKind.ServiceFailed, "PodCopyBroken", $"The copy to '{path}' broke off before all had come; nothing is left of it.") { Target = target, Advice = "Repeat the command." },
            _ when said == "!NoTar" || code is 126 or 127 => new LabException(
                LabErrorKind.NotSupported, "PodTarMissing", $"There is no {(said == "!NoTar" ? "tar" : "sh")} in {where}, which a copy needs.")
            {
                Target = target, Advice = "Add a container that has sh and tar to the pod (kubectl debug), and copy through it with -Container, or put the files in a volume.",
            },
            _ => new LabException(
                LabErrorKind.WriteFailed, "PodCopyFailed", $"'{path.Path}' in {where} could not be written: {Words(output.Errors, $"exit code {code}")}.") { Target = target },
        };
    }

    /// <summary>What a command writes, as a stream; what it writes to standard error is kept apart.</summary>
    private sealed class OutputStream(PodExec exec) : ForwardStream
    {
        private const int MostErrors = 64 << 10;

        private readonly StringBuilder errors = new();
        private ReadOnlyMemory<byte> left;

        public string Errors => errors.ToString();

        public async Task<string> LineAsync(CancellationToken cancellation)
        {
            List<byte> line = [];
            byte[] one = new byte[1];
            while (await ReadAsync(one, cancellation) > 0 && one[0] != '\n' && line.Count < MostErrors)
            {
                line.Add(one[0]);
            }

            return Encoding.UTF8.GetString([.. line]);
        }

        public async Task DrainAsync(CancellationToken cancellation)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
            while (await ReadAsync(buffer, cancellation) > 0)
            {
                // Padding after the end of a tar.
            }

            ArrayPool<byte>.Shared.Return(buffer);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (left.Length == 0)
            {
                if (await exec.NextAsync(cancellationToken) is not { } piece)
                {
                    return 0;
                }

                if (piece.IsError)
                {
                    errors.Append(errors.Length < MostErrors ? Encoding.UTF8.GetString(piece.Bytes.Span) : "");
                }
                else
                {
                    left = piece.Bytes;
                }
            }

            int count = Math.Min(buffer.Length, left.Length);
            left[..count].CopyTo(buffer);
            left = left[count..];
            return count;
        }
    }

    /// <summary>The input of a command, as a stream.</summary>
    private sealed class InputStream(PodExec exec) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await exec.SendAsync(buffer).WaitAsync(cancellationToken);
    }
}

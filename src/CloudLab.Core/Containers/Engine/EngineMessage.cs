using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace CloudLab.Core.Containers.Engine;

/// <summary>One of the messages that the engine sends while it works: progress, an event, statistics.</summary>
/// <param name="Body">The message itself, a JSON object.</param>
internal sealed record EngineMessage(JsonElement Body)
{
    // An event carries a container's labels, which may be long; more than this is no message.
    private const int Longest = 16 << 20;

    /// <summary>What it is about: a layer's id, a tag.</summary>
    public string? Id => Text(Body, "id");

    /// <summary>What is being done: <c>Downloading</c>.</summary>
    public string? Status => Text(Body, "status");

    /// <summary>Text for whoever watches, with its line ends.</summary>
    public string? Stream => Text(Body, "stream");

    /// <summary>Bytes done, or null.</summary>
    public long? Current => Detail("current");

    /// <summary>Bytes in all, or null.</summary>
    public long? Total => Detail("total");

    /// <summary>What the engine adds for programs: the digest of a push.</summary>
    public JsonElement? Aux => Body.TryGetProperty("aux", out JsonElement aux) && aux.ValueKind == JsonValueKind.Object ? aux : null;

    /// <summary>What went wrong: the status that an answer would have had (0 where none is given), and the engine's words.</summary>
    internal (int Status, string Text)? Error
    {
        get
        {
            bool detailed = Body.TryGetProperty("errorDetail", out JsonElement detail) && detail.ValueKind == JsonValueKind.Object;
            string? text = (detailed ? Text(detail, "message") : null) ?? Text(Body, "error");
            int status = detailed && detail.TryGetProperty("code", out JsonElement code) && code.TryGetInt32(out int given) && given is >= 400 and < 600 ? given : 0;
            return text is null && !detailed ? null : (status, text ?? "no message");
        }
    }

    /// <summary>A text among the properties of an object.</summary>
    /// <param name="from">The object.</param>
    /// <param name="name">Name of the property.</param>
    /// <returns>The text, or null.</returns>
    public static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Reads messages as they come, one a line.</summary>
    /// <param name="stream">The engine's answer.</param>
    /// <param name="unreadable">Gives the error for what is no message.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>The messages.</returns>
    internal static async IAsyncEnumerable<EngineMessage> ReadAsync(
        EngineStream stream, Func<Exception?, Exception> unreadable, [EnumeratorCancellation] CancellationToken cancellation)
    {
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult result = await reader.ReadAsync(cancellation);
                ReadOnlySequence<byte> rest = result.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    if (Parse(rest.Slice(0, end), unreadable) is { } message)
                    {
                        yield return message;
                    }

                    rest = rest.Slice(rest.GetPosition(1, end));
                }

                if (result.IsCompleted)
                {
                    if (Parse(rest, unreadable) is { } last)
                    {
                        yield return last;
                    }

                    break;
                }

                if (rest.Length > Longest)
                {
                    throw unreadable(null);
                }

                reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static EngineMessage? Parse(ReadOnlySequence<byte> line, Func<Exception?, Exception> unreadable)
    {
        Utf8JsonReader json = new(line);
        try
        {
            if (!json.Read())
            {
                return null;
            }

            JsonElement body = JsonElement.ParseValue(ref json);
            return body.ValueKind == JsonValueKind.Object ? new EngineMessage(body) : throw unreadable(null);
        }
        catch (JsonException) when (line.IsSingleSegment ? line.FirstSpan.Trim("\r \t"u8).IsEmpty : line.ToArray().AsSpan().Trim("\r \t"u8).IsEmpty)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw unreadable(e);
        }
    }

    private long? Detail(string name) =>
        Body.TryGetProperty("progressDetail", out JsonElement detail) && detail.ValueKind == JsonValueKind.Object
            && detail.TryGetProperty(name, out JsonElement value) && value.TryGetInt64(out long number) ? number : null;
}

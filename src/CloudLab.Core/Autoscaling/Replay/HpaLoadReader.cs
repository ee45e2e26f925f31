using System.Globalization;
using System.Text;
using System.Text.Json;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>
/// Reads loads: rows with a time and a column for each metric, CSV text, and the answer of Prometheus to a range query. Several workloads
/// are told apart by the column Workload, or by the labels of the series.
/// </summary>
public sealed class HpaLoadReader
{
    private static readonly string[] ResourceNames = ["cpu", "memory"];
    private static readonly string[] TimeNames = ["Time", "Timestamp", "DateTime", "Date", "ts", "t"];

    private readonly string[] labelNames = ["Workload", "Deployment"];
    private readonly Func<string, bool> isMetric = _ => true;
    private readonly bool seriesApart;

    private readonly Dictionary<string, HpaLoad> loads = new(StringComparer.Ordinal);
    private readonly List<HpaLoad> order = [];
    // Columns that are left out, and the first row in which they are text; 0 where they are not.
    private readonly Dictionary<string, int> ignored = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> numeric = new(StringComparer.OrdinalIgnoreCase);
    private int rows;

    /// <summary>Creates a reader for loads of workloads.</summary>
    public HpaLoadReader()
    {
    }

    /// <summary>Creates a reader for loads that are told apart in another way.</summary>
    /// <param name="labelNames">Columns that tell them apart.</param>
    /// <param name="isMetric">Whether a column or a series is one of those that are wanted.</param>
    /// <remarks>Each series of Prometheus is a load of its own: its times may differ from those of the others.</remarks>
    internal HpaLoadReader(string[] labelNames, Func<string, bool> isMetric)
    {
        this.labelNames = labelNames;
        this.isMetric = isMetric;
        seriesApart = true;
    }

    /// <summary>What was read, in the order of the input.</summary>
    public IReadOnlyList<HpaLoad> Loads => order;

    /// <summary>Columns that are left out because they are none of those that are wanted.</summary>
    internal IEnumerable<string> Ignored => ignored.Keys;

    /// <summary>A warning of columns that are left out because they are text in all rows; null where there are none.</summary>
    public string? Doubt => ignored.Count == 0 ? null
        : $"The column{(ignored.Count > 1 ? "s" : "")} {string.Join(", ", ignored.Keys.Select(name => $"'{name}'"))} {(ignored.Count > 1 ? "are" : "is")} text and left out: a load is numbers.";

    /// <summary>Those of the columns left out that are text.</summary>
    internal IEnumerable<string> IgnoredTexts => ignored.Where(column => column.Value > 0).Select(column => column.Key);

    /// <summary>Adds a row.</summary>
    /// <param name="row">Names and texts of its columns.</param>
    public void AddRow(IReadOnlyList<KeyValuePair<string, string?>> row)
    {
        rows++;
        string? time = null;
        List<KeyValuePair<string, string>> labels = [];
        foreach ((string name, string? text) in row)
        {
            time = Is(name, TimeNames) ? text : time;
            if (Is(name, labelNames))
            {
                labels.Add(KeyValuePair.Create(name, text ?? ""));
            }
        }

        if (string.IsNullOrWhiteSpace(time))
        {
            throw HpaLoad.Invalid("LoadInvalid", $"Row {rows} has no time: give a column Time beside one for each metric, as in Time,cpu.");
        }

        HpaLoad load = Of(labels.Count == 1 ? labels[0].Value : string.Join('/', labels.Select(label => label.Value)), labels);
        load.AddTime(HpaLoad.TimeMs(time.Trim(), rows));
        LabException? late = null;
        foreach ((string name, string? text) in row)
        {
            if (Is(name, TimeNames) || Is(name, labelNames))
            {
                continue;
            }

            bool wanted = isMetric(name), isText = (!wanted || MayBeText(name)) && HpaLoad.IsText(text);
            if (!wanted || isText)
            {
                int first = ignored.GetValueOrDefault(name);
                ignored[name] = first == 0 && isText ? rows : first;
                continue;
            }

            long milli = HpaLoad.Milli(text ?? "", name, rows);
            load.Set(name, milli);
            if (milli != HpaLoad.None && !seriesApart && numeric.Add(name) && ignored.Remove(name, out int textRow))
            {
                late = HpaLoad.Invalid("LoadInvalid", $"Row {textRow}: {name} is text, but in row {rows} it is a number: give the total of all pods in each, as in 2.5, 2500m or 3Gi, or nothing.");
            }
        }

        if (late is not null)
        {
            throw late;
        }
    }

    /// <summary>Adds a text: CSV or the JSON of Prometheus, whichever it is.</summary>
    /// <param name="text">The text.</param>
    public void AddText(string text)
    {
        if (text.AsSpan().TrimStart() is ['{' or '[', ..])
        {
            AddJson(Encoding.UTF8.GetBytes(text));
            return;
        }

        string[]? names = null;
        foreach (string[] cells in Csv(text))
        {
            if (names is null)
            {
                names = cells;
            }
            else if (cells.Length > 1 || cells[0].Length > 0)
            {
                string[] header = names;
                AddRow([.. cells.Take(header.Length).Select((cell, i) => KeyValuePair.Create(header[i].Trim(), (string?)cell))]);
            }
        }
    }

    /// <summary>Adds the answer of Prometheus to a range query.</summary>
    /// <param name="json">The JSON, in UTF-8.</param>
    public void AddJson(ReadOnlySpan<byte> json)
    {
        // Read token by token: a day of a thousand workloads is six million pairs.
        Utf8JsonReader reader = new(json);
        try
        {
            bool found = false;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("resultType"))
                {
                    reader.Read();
                    string? type = reader.GetString();
                    if (type != "matrix")
                    {
                        throw NoRange($"its result is a {type}");
                    }
                }
                else if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("result"))
                {
                    found = true;
                    ReadResult(ref reader);
                }
            }

            if (!found)
            {
                throw NoRange("it has no result");
            }
        }
        catch (JsonException e)
        {
            throw HpaLoad.Invalid("LoadInvalid", $"The load is not JSON, at line {e.LineNumber + 1}: give the answer of Prometheus to a range query.");
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Full path of a CSV or JSON file.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Done when it is read.</returns>
    public async Task AddFileAsync(string path, CancellationToken cancellation)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.NotFound, "LoadNotFound", $"The load {path} cannot be read: {e.Message}", e) { StopsCommand = true };
        }

        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        if (text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..])
        {
            AddJson(text);
        }
        else
        {
            AddText(Encoding.UTF8.GetString(text));
        }
    }

    private static LabException NoRange(string why) => HpaLoad.Invalid(
        "LoadInvalid", $"The JSON is not the answer of Prometheus to a range query ({why}): ask /api/v1/query_range, with start, end and step.");

    private void ReadResult(ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            HpaLoad load = Of("", []);
            string key = "value";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("metric"))
                {
                    (List<KeyValuePair<string, string>> labels, key) = Labels(ref reader);
                    string workload = labels.Count == 1 ? labels[0].Value : string.Join(',', labels.Select(label => $"{label.Key}={label.Value}"));
                    load = seriesApart ? Of($"{key} {workload}", labels) : Of(workload, labels);
                }
                else if (reader.ValueTextEquals("values"))
                {
                    ReadValues(ref reader, load, key);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }

        order.RemoveAll(load => load.Count == 0);
    }

    private static (List<KeyValuePair<string, string>> Labels, string Key) Labels(ref Utf8JsonReader reader)
    {
        string key = "value";
        List<KeyValuePair<string, string>> labels = [];
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            string value = reader.GetString() ?? "";
            if (name == "__name__")
            {
                key = value;
            }
            else
            {
                labels.Add(KeyValuePair.Create(name, value));
            }
        }

        return (labels, key);
    }

    private static void ReadValues(ref Utf8JsonReader reader, HpaLoad load, string key)
    {
        reader.Read();
        int place = -1;
        bool first = false;
        Span<char> text = stackalloc char[64];
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            long time = (long)Math.Round(reader.GetDouble() * 1000);
            reader.Read();
            if (place < 0)
            {
                // The answer to the next range goes on where the one before it ended: a server gives 11,000 points at most.
                first = load.Count == 0 || time > load.Times[^1];
                place = first ? load.Count : Math.Max(0, load.Times.BinarySearch(time));
            }

            if (first)
            {
                load.AddTime(time);
            }
            else if (place >= load.Count || load.Times[place] != time)
            {
                throw HpaLoad.Invalid("LoadInvalid", $"The series of {load.Workload} have different times: ask for them with the same start, end and step.");
            }

            double number = reader.ValueSpan.Length < text.Length && double.TryParse(text[..reader.CopyString(text)], NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed)
                ? parsed
                : double.NaN;
            long milli = double.IsFinite(number) ? (long)Math.Round(number * 1000) : HpaLoad.None;
            if (first)
            {
                load.Set(key, milli);
            }
            else
            {
                load.SetAt(key, place, milli);
            }

            place++;
            reader.Read();
        }
    }

    private HpaLoad Of(string workload, IReadOnlyList<KeyValuePair<string, string>> labels)
    {
        if (!loads.TryGetValue(workload, out HpaLoad? load))
        {
            loads[workload] = load = new(workload, labels);
            order.Add(load);
        }

        return load;
    }

    // A column of notes beside the metrics. That of a resource is meant as numbers, and so is one that had a number.
    private bool MayBeText(string name) => !seriesApart && !Is(name, ResourceNames) && !numeric.Contains(name);

    private static bool Is(string name, string[] names) => Array.Exists(names, one => one.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string[]> Csv(string text)
    {
        List<string> cells = [];
        StringBuilder cell = new();
        bool quoted = false;
        char separator = text.AsSpan(0, Math.Max(0, text.IndexOf('\n', StringComparison.Ordinal))).Count(';') > 0 && !text.AsSpan(0, Math.Max(0, text.IndexOf('\n', StringComparison.Ordinal))).Contains(',') ? ';' : ',';
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : '\n';
            if (quoted)
            {
                if (c == '"' && i + 1 < text.Length && text[i + 1] == '"')
                {
                    cell.Append('"');
                    i++;
                }
                else if (c == '"')
                {
                    quoted = false;
                }
                else
                {
                    cell.Append(c);
                }
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c == separator || c == '\n')
            {
                cells.Add(cell.ToString());
                cell.Clear();
                if (c == '\n')
                {
                    yield return [.. cells];
                    cells.Clear();
                }
            }
            else if (c != '\r')
            {
                cell.Append(c);
            }
        }
    }
}

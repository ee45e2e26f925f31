using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using CloudLab.Core.Autoscaling.Replay;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Autoscaling.Inputs;

/// <summary>Loads and samples as the pipeline brings them: rows, CSV text, files, answers of Prometheus.</summary>
/// <param name="reader">Reads them.</param>
internal sealed class LoadInput(HpaLoadReader reader)
{
    private readonly StringBuilder text = new();

    /// <summary>Adds an input. On the pipeline thread.</summary>
    /// <param name="input">The input.</param>
    public void Add(object? input)
    {
        switch (input is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : input)
        {
            case null:
                break;
            case string line:
                text.AppendLine(line);
                break;
            case FileInfo file:
                reader.AddText(File.ReadAllText(file.FullName));
                break;
            case PSObject row when row.Properties["data"] is null && row.Properties["result"] is null:
                reader.AddRow([.. row.Properties.Select(property => KeyValuePair.Create(property.Name, TextOf(property.Value)))]);
                break;
            case IDictionary row when !row.Contains("data") && !row.Contains("result"):
                reader.AddRow([.. row.Keys.Cast<object>().Select(key => KeyValuePair.Create(Convert.ToString(key, CultureInfo.InvariantCulture)!, TextOf(row[key])))]);
                break;
            case PSObject or IDictionary:
                reader.AddJson(Encoding.UTF8.GetBytes(ManifestInput.Json(input)!.ToJsonString()));
                break;
            default:
                throw new LabException(
                    LabErrorKind.InvalidData, "LoadInvalid", $"A {input?.GetType().Name} is no row of a load: give objects with Time and a column for each metric.");
        }
    }

    /// <summary>Reads what came line by line, when all inputs have come.</summary>
    public void Complete()
    {
        if (text.Length > 0)
        {
            reader.AddText(text.ToString());
            text.Clear();
        }
    }

    private static string? TextOf(object? value) => value switch
    {
        PSObject wrapped => TextOf(wrapped.BaseObject),
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        // A time without a zone is UTC, in a file as here.
        DateTime time => (time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc)).ToString("O", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Says what is wrong with a schedule that the parser refuses, in which dialect of cron it would be right, and what to write.</summary>
internal static partial class CronAdvice
{
    private const string LastDay = "check in the job whether tomorrow is the 1st";

    /// <summary>What is wrong, in words that say what to do.</summary>
    /// <param name="text">The schedule.</param>
    /// <param name="problem">What the parser found.</param>
    /// <returns>A sentence without its full stop.</returns>
    public static string Reason(string text, CronProblem problem) => Dialect(text, problem) ?? problem.Fault switch
    {
        CronFault.Empty => "it is empty: write five fields (minute, hour, day of month, month, day of week)",
        CronFault.FieldCount => FieldCount(problem),
        CronFault.Zone => ScheduleZone.Unknown(problem.Text).TrimEnd('.'),
        CronFault.OpenZone => "the five fields are missing after the time zone",
        CronFault.Descriptor => $"'{problem.Text}' does not exist: use @hourly, @daily, @weekly, @monthly, @yearly, @every with a duration, or five fields",
        CronFault.Duration => $"'{problem.Text}' is not a duration: write hours, minutes and seconds without spaces, such as @every 1h30m",
        CronFault.NotANumber when problem.Text.Length == 0 => $"a number is missing in the {problem.Field!.Name}",
        CronFault.NotANumber => $"'{problem.Text}' is not a value of the {problem.Field!.Name}, which takes {problem.Field.Range}",
        CronFault.Overflow => $"the number in the {problem.Field!.Name} is too large: it takes {problem.Field.Range}",
        CronFault.Negative => $"'{problem.Text}' is negative: write it without the sign",
        CronFault.Hyphens => $"'{problem.Text}' has more than one hyphen: write ranges with a comma between them",
        CronFault.Slashes => $"'{problem.Text}' has more than one step: write one, such as */5",
        CronFault.BelowMinimum or CronFault.AboveMaximum => $"'{problem.Text}' is outside the {problem.Field!.Name}, which takes {problem.Field.Range}",
        CronFault.Reversed => $"the range '{problem.Text}' ends before it begins: a range cannot go over the end of the {problem.Field!.Name}",
        _ => $"'{problem.Text}' has the step 0: a step is 1 or more",
    };

    /// <summary>What to write instead.</summary>
    /// <param name="text">The schedule that is refused.</param>
    /// <returns>A schedule that is accepted; null where none is near enough.</returns>
    public static string? Correction(string text)
    {
        string plain = Plain(text);
        foreach (string candidate in Candidates(plain).Select(Fields).Prepend(plain))
        {
            if (candidate != text && !candidate.Contains("TZ", StringComparison.Ordinal) && CronParser.Parse(candidate, out _) is not null)
            {
                return candidate;
            }
        }

        return null;
    }

    private static string FieldCount(CronProblem problem)
    {
        int count = problem.Text.Length == 0 ? 0 : problem.Text.Split(' ').Length;
        return $"it has {count} {Counted.Noun(count, "field")} instead of five (minute, hour, day of month, month, day of week)";
    }

    private static string? Dialect(string text, CronProblem problem)
    {
        string at = problem.Text;
        if (text.Any(c => c > 127 && char.IsDigit(c)))
        {
            return "it has digits that are not 0 to 9 of ASCII, such as full-width digits: type them again";
        }

        if (at.Any(c => c is '\u2010' or '\u2011' or '\u2012' or '\u2013' or '\u2014' or '\u2212'))
        {
            return "it has a dash that is not the hyphen of the keyboard: type - again";
        }

        if (at.Any(c => char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Control && !char.IsWhiteSpace(c)))
        {
            return "it has an invisible character: type it again";
        }

        if (at.AsSpan().Trim() is ['"' or '\'', ..])
        {
            return "the quotation marks are part of the text: leave out one pair";
        }

        return problem.Fault switch
        {
            CronFault.Descriptor => Word(at),
            CronFault.Duration when at.EndsWith('d') || at.EndsWith('w') => $"'{at}': days and weeks are not units of @every; write hours (24h, 168h)",
            CronFault.FieldCount => Program(text, at),
            CronFault.AboveMaximum when problem.Field == CronField.DayOfWeek && Seven().IsMatch(at) => "7 is not Sunday here, as it is in Vixie cron: write 0 or SUN",
            CronFault.NotANumber when problem.Field is { } field => Letter(field, at),
            _ => null,
        };
    }

    private static string? Word(string at) => at.ToLowerInvariant() switch
    {
        "@reboot" => "@reboot belongs to cron on one machine: a cluster has no start; use a Job, or a DaemonSet for every node",
        var lower when lower != at && CronParser.Parse(lower, out _) is not null => $"'{at}' must be in lower case",
        var lower when lower.StartsWith("@every", StringComparison.Ordinal) && lower.Length <= 7 => "the duration is missing after @every, such as @every 5m",
        var lower when lower.StartsWith("@every", StringComparison.Ordinal) => "one space must stand between @every and the duration",
        var lower when lower.Contains(' ', StringComparison.Ordinal) => $"nothing may follow '{at.Split(' ')[0]}'",
        _ => null,
    };

    private static string? Program(string text, string at)
    {
        string[] words = at.Split(' ');
        if (text.StartsWith("cron(", StringComparison.OrdinalIgnoreCase) || text.StartsWith("rate(", StringComparison.OrdinalIgnoreCase))
        {
            return "cron(...) and rate(...) belong to Amazon EventBridge: write five fields, without the year";
        }

        return words.Length switch
        {
            > 5 when words.Skip(5).Any(word => word.Any(char.IsAsciiLetter) && !YearOrDay().IsMatch(word)) =>
                "more than five fields: a user or a command, as in a crontab file, belongs in the job template",
            6 when HasYear(words) => "six fields: the last one is a year, as in Quartz or EventBridge; a CronJob has no year",
            6 => "six fields: the first one is seconds, as in Quartz or Spring; a CronJob starts at full minutes",
            7 => "seven fields: the first one is seconds and the last one is a year, as in Quartz; a CronJob has neither",
            _ => null,
        };
    }

    // Of six fields, the last is a year in EventBridge and the first is seconds in Quartz; the question mark tells which are the day fields.
    private static bool HasYear(string[] words) => (words[5] is not ("*" or "?") && Year().IsMatch(words[5])) || words[2] == "?" || words[4] == "?";

    private static string? Letter(CronField field, string at)
    {
        string upper = at.ToUpperInvariant();
        return upper switch
        {
            _ when HashItem().IsMatch(upper) => "H is of Jenkins, where it spreads jobs: choose a value yourself; Show-LabScheduleCalendar proposes one",
            _ when upper.Contains('#', StringComparison.Ordinal) =>
                "# is of Quartz (2#1: the first Monday): use the seven days of the month that it can be, and check the day of the week in the job, because two day fields mean either",
            _ when field == CronField.DayOfMonth && LastOrWeekday().IsMatch(upper) => upper.Contains('W', StringComparison.Ordinal)
                ? "W is of Quartz (15W: the weekday nearest to the 15th): choose fixed days, and check the day in the job"
                : $"L is of Quartz (the last day of the month): use 28-31, and {LastDay}",
            _ when field == CronField.DayOfWeek && upper.EndsWith('L') =>
                "L is of Quartz (5L: the last one in the month): use days 25-31 of the month, and check the day of the week in the job, because two day fields mean either",
            _ when upper.Contains('~', StringComparison.Ordinal) => "~ is of OpenBSD cron (a random value): choose a value yourself",
            _ when upper.Contains(';', StringComparison.Ordinal) => "values of a list are separated by a comma, not a semicolon",
            _ when upper.Length > 3 && field.Named(upper[..3]) >= 0 => $"names have three letters: {upper[..3]}",
            _ => null,
        };
    }

    // Characters that look like others, as those others.
    private static string Plain(string text)
    {
        StringBuilder plain = new();
        foreach (char c in text.Normalize(NormalizationForm.FormKC))
        {
            plain.Append(c switch
            {
                '\u2010' or '\u2011' or '\u2012' or '\u2013' or '\u2014' or '\u2212' => '-',
                ';' => ',',
                '\'' or '"' or '`' or '\u201C' or '\u201D' or '\u2018' or '\u2019' => '\0',
                _ when char.IsWhiteSpace(c) => ' ',
                _ when char.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber => (char)('0' + (int)char.GetNumericValue(c)),
                _ when char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Control => '\0',
                _ => c,
            });
        }

        return plain.Replace("\0", null).ToString().Trim();
    }

    private static IEnumerable<string> Candidates(string text)
    {
        if (Prefix().Match(text) is { Success: true } prefix)
        {
            text = text[prefix.Length..].Trim();
            yield return text;
        }

        if (text.StartsWith("cron(", StringComparison.OrdinalIgnoreCase))
        {
            text = text[5..].TrimEnd(')');
        }

        if (text is ['@', ..])
        {
            yield return Known(text);
            yield break;
        }

        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        yield return string.Join(' ', words);
        switch (words.Length)
        {
            case 4:
                yield return string.Join(' ', words) + " *";
                break;
            case 6 when HasYear(words):
                yield return string.Join(' ', words[..5]);
                break;
            case 6:
                yield return string.Join(' ', words[1..]);
                break;
            case 7 when Year().IsMatch(words[6]):
                yield return string.Join(' ', words[1..6]);
                break;
            default:
                break;
        }
    }

    private static string Known(string text)
    {
        string lower = text.ToLowerInvariant(), first = lower.Split(' ')[0];
        if (first is "@minutely" or "@every_minute")
        {
            return "* * * * *";
        }

        if (first == "@quarterly")
        {
            return "0 0 1 */3 *";
        }

        if (Spoken().Match(lower) is { Success: true } spoken && long.TryParse(spoken.Groups[1].Value, CultureInfo.InvariantCulture, out long count) && count is > 0 and < 10_000)
        {
            return spoken.Groups[2].Value[0] switch
            {
                'w' => $"@every {count * 168}h",
                'd' => $"@every {count * 24}h",
                var unit => $"@every {count}{unit}",
            };
        }

        return first == "@every" ? lower : first;
    }

    // Items of five fields that other dialects have.
    private static string Fields(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length != 5 || text[0] == '@' ? text : string.Join(' ', words.Select((word, i) => Field(word, CronField.All[i], text)));
    }

    private static string Field(string word, CronField field, string text) => string.Join(',', word.Split(',').Select(item => Item(item, field, text)));

    private static string Item(string item, CronField field, string text)
    {
        string upper = item.ToUpperInvariant();
        if (HashItem().Match(upper) is { Success: true } hash)
        {
            return Hashed(hash, field, text);
        }

        if (field == CronField.DayOfMonth && upper is "L" or "LW")
        {
            return "28-31";
        }

        string[] parts = item.Split('/');
        if (parts.Length != 2 && parts.Length != 1)
        {
            return item;
        }

        string step = parts.Length == 1 ? "" : parts[1].TrimStart('-', '+').TrimStart('0');
        step = step.Length == 0 || step == "1" ? "" : "/" + step;
        string[] ends = parts[0].TrimStart('-').Split('-');
        int[] values = [.. ends.Select(end => Value(end, field))];
        if (ends.Length > 2 || Array.Exists(values, value => value < 0))
        {
            return ends[0] is "*" or "?" ? ends[0] + step : item;
        }

        string first = Shown(ends[0], values[0], field);
        if (ends.Length == 1)
        {
            return first + step;
        }

        // A range may have its end in the next hour, day or week, as 5-7 with Sunday for 7 has.
        bool wraps = values[1] == field.Max + 1;
        int end = wraps ? field.Max : values[1];
        if (values[0] <= end)
        {
            return $"{first}-{(wraps ? end : Shown(ends[1], values[1], field))}{step}" + (wraps && field == CronField.DayOfWeek && values[0] > 0 ? ",0" : "");
        }

        return values[0] > field.Max || step.Length > 0 ? item : $"{first}-{field.Max},{field.Min}-{Shown(ends[1], values[1], field)}";
    }

    private static int Value(string text, CronField field) =>
        field.Named(text.Length > 3 ? text[..3] : text) is >= 0 and var named ? named
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : -1;

    // Just beyond the field is its other end: minute 60, hour 24, day 7 of the week.
    private static string Shown(string text, int value, CronField field) =>
        value == field.Max + 1 && field.Min == 0 ? "0"
        : value == 0 && field.Min == 1 ? "1"
        : text.Length > 3 && field.Named(text[..3]) >= 0 ? text[..3]
        : text;

    private static string Hashed(Match hash, CronField field, string text)
    {
        int low = field.Min, high = field.Max;
        if (hash.Groups[1].Success)
        {
            low = Math.Clamp(int.Parse(hash.Groups[1].Value, CultureInfo.InvariantCulture), field.Min, field.Max);
            high = Math.Clamp(int.Parse(hash.Groups[2].Value, CultureInfo.InvariantCulture), low, field.Max);
        }

        int step = hash.Groups[3].Success ? Math.Clamp(int.Parse(hash.Groups[3].Value, CultureInfo.InvariantCulture), 1, field.Max) : 0;
        // The same text always has the same place, as with Jenkins.
        int seed = text.Aggregate(17, (sum, c) => ((sum * 31) + c) & 0xFFFF);
        return step == 0 ? $"{low + (seed % (high - low + 1))}" : $"{low + (seed % step)}-{high}/{step}";
    }

    [GeneratedRegex(@"^(?:(?:\d{1,2}|[A-Z]{3})-)?7(?:/\d+)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Seven();

    [GeneratedRegex(@"^(?:\*|\?|(?:19|20)\d\d(?:[-/,]\d+)*)$")]
    private static partial Regex Year();

    [GeneratedRegex(@"^(?:\*|\?|[\d,/*-]+|(?:[a-z]{3}[-,/]?)+|\d?L|\d#\d)$", RegexOptions.IgnoreCase)]
    private static partial Regex YearOrDay();

    [GeneratedRegex(@"^H(?:\((\d{1,2})-(\d{1,2})\))?(?:/(\d{1,2}))?$")]
    private static partial Regex HashItem();

    [GeneratedRegex(@"^(?:L|LW|L-\d+|\d{1,2}W|W)$")]
    private static partial Regex LastOrWeekday();

    [GeneratedRegex(@"^(?:CRON_)?TZ=\S*\s*", RegexOptions.IgnoreCase)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"^@every\s*(\d+)\s*(w|d|h|m|s)[a-z]*$")]
    private static partial Regex Spoken();
}

using ThreatLens.Benchmarks.Contenders;

// One run of one contender, in a process of its own: a console host as an application's deployment has one. Nothing may come before the work.
if (args is not [var contender, var folder])
{
    Console.Error.WriteLine("Usage: CONTENDER FOLDER");
    return 2;
}

LineUp.Find(contender).Run(folder);
return 0;
